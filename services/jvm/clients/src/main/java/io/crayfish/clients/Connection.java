package io.crayfish.clients;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/** One connection to one replica. */
final class Connection implements AutoCloseable {
  /** One image of a large model is near gRPC's own limit of 4 MiB, and seven are beyond it. */
  private static final int MESSAGE_BYTES = 64 << 20;

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

  Connection(String replica) {
    this.replica = replica;
    this.channel =
        NettyChannelBuilder.forTarget("dns:///" + replica)
            .usePlaintext()
            // Answers are taken by the thread that reads them: a hand-over costs more than they do.
            .directExecutor()
            // Whether a call is tried again is said by the option, and counted here.
            .disableRetry()
            .maxInboundMessageSize(MESSAGE_BYTES)
            .build();
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
