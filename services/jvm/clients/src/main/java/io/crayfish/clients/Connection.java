package io.crayfish.clients;

import io.crayfish.scoring.ScorerException;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLException;

/** One connection to one replica. */
final class Connection implements AutoCloseable {
  /** Between two tries to reach a server that has gone; gRPC's own grow to two minutes. */
  private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(200);

  /** It tells what it found on the machine, which is nobody's news; kept, or the level is lost. */
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  static {
    GRPC.setLevel(Level.WARNING);
  }

  final String replica;
  private final ManagedChannel channel;
  private final AtomicLong triedNs = new AtomicLong(System.nanoTime() - AGAIN_NS);

  /**
   * Not yet connected.
   *
   * @param trust null: calls are not encrypted
   * @throws ScorerException if they cannot be
   */
  Connection(String replica, Trust trust) throws ScorerException {
    this.replica = replica;
    this.channel =
        protectedBy(trust, NettyChannelBuilder.forTarget("dns:///" + replica))
            // Answers are taken by the thread that reads them: a hand-over costs more than they do.
            .directExecutor()
            // Whether a call is tried again is said by the option, and counted here.
            .disableRetry()
            .maxInboundMessageSize(ServerScorer.MESSAGE_BYTES)
            .build();
  }

  private static NettyChannelBuilder protectedBy(Trust trust, NettyChannelBuilder builder)
      throws ScorerException {
    if (trust == null) {
      return builder.usePlaintext();
    }
    try {
      // The JDK's own: the other library's natives are not in the image.
      return builder.sslContext(
          GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
              .trustManager(trust.managers())
              .build());
    } catch (SSLException error) {
      throw new ScorerException("TLS: " + error.getMessage(), error);
    }
  }

  Channel channel() {
    return channel;
  }

  /** A call found nobody: look again soon. */
  void lost() {
    long now = System.nanoTime();
    long before = triedNs.get();
    if (now - before >= AGAIN_NS && triedNs.compareAndSet(before, now)) {
      channel.resetConnectBackoff();
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
