package io.crayfish.clients;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.ScorerException;
import io.grpc.Deadline;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Calls the replicas of a server in turn, over each of its connections. */
final class GrpcScorer<Q, A> implements AsyncScorer {
  private final Settings settings;
  private final Protocol<Q, A> protocol;
  private final int values;
  private final List<Connection> connections = new ArrayList<>();
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * Not yet loaded.
   *
   * @param values float32 values of one point
   */
  GrpcScorer(Settings settings, Protocol<Q, A> protocol, int values) {
    this.settings = settings;
    this.protocol = protocol;
    this.values = values;
    for (int channel = 0; channel < settings.channels(); channel++) {
      settings.replicas().forEach(replica -> connections.add(new Connection(replica)));
    }
  }

  Protocol<Q, A> protocol() {
    return protocol;
  }

  /** The connection whose turn it is. */
  Connection next() {
    int size = connections.size();
    return size == 1
        ? connections.get(0)
        : connections.get(Math.floorMod(turn.getAndIncrement(), size));
  }

  /**
   * Wait until every connection has brought a prediction of the right shape.
   *
   * @throws ScorerException if the server's model is another one, or does not answer in time
   */
  @Override
  public void load() throws ScorerException {
    try {
      Ready ready = new Ready(settings);
      for (Connection connection : connections) {
        ready.await(connection, protocol, this::blank);
      }
    } catch (ScorerException | RuntimeException error) {
      close();
      throw error;
    }
  }

  /** One point of zeros. */
  private CompletableFuture<float[]> blank(Connection connection, long deadlineMs) {
    ByteString zeros = UnsafeByteOperations.unsafeWrap(new byte[Float.BYTES * values]);
    return send(zeros, 1, connection, deadlineMs, 0);
  }

  @Override
  public CompletableFuture<float[]> submit(FloatBuffer points, int batch) {
    byte[] bytes = new byte[Float.BYTES * points.remaining()];
    ByteBuffer.wrap(bytes).order(LITTLE_ENDIAN).asFloatBuffer().put(points.duplicate());
    return submit(ByteBuffer.wrap(bytes), batch);
  }

  /** The bytes are sent as they lie there. */
  @Override
  public CompletableFuture<float[]> submit(ByteBuffer points, int batch) {
    ByteString bytes = UnsafeByteOperations.unsafeWrap(points);
    return send(bytes, batch, next(), settings.deadlineMs(), settings.retries());
  }

  private CompletableFuture<float[]> send(
      ByteString points, int batch, Connection connection, long deadlineMs, int retries) {
    Deadline deadline = Deadline.after(deadlineMs, TimeUnit.MILLISECONDS);
    CompletableFuture<float[]> result = new CompletableFuture<>();
    Q request = protocol.request(points, batch);
    Try.start(this, new Try.Asked<>(request, batch, deadline, result), connection, retries);
    return result;
  }

  @Override
  public void close() {
    connections.forEach(Connection::close);
  }
}
