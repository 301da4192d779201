package io.crayfish.clients;

import io.crayfish.contract.Reason;
import io.crayfish.contract.Values;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The rules that hold for every server: deadline, retries, replicas in turn. How a request travels is a
 * subclass's.
 *
 * @param <T> what a call goes to: a connection, or a replica
 * @param <Q> what travels; made once for all tries of a call
 */
abstract class ServerScorer<T, Q> implements AsyncScorer {
  /** Of a message; one image of a large model is near gRPC's own limit, and seven are beyond it. */
  static final int MESSAGE_BYTES = 64 << 20;

  private static final long FIRST_PAUSE_MS = 10;
  private static final long LONGEST_PAUSE_MS = 1000;

  private final Settings settings;
  private final int pointBytes;
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * Not yet loaded.
   *
   * @param pointBytes of one point
   */
  ServerScorer(Settings settings, int pointBytes) {
    this.settings = settings;
    this.pointBytes = pointBytes;
  }

  /** What calls go to in turn. */
  abstract List<T> targets();

  /** The host:port of one. */
  abstract String replica(T target);

  /**
   * Ask for what the server calls the model's input and output, if the protocol needs it.
   *
   * @throws CallException if it does not answer (yet)
   * @throws ScorerException if its model is another one
   */
  abstract void learn(T target, long deadlineMs) throws CallException, ScorerException;

  /** What travels for a batch of points, little-endian, from position to limit. */
  abstract Q request(ByteBuffer points, int batch);

  /**
   * One try.
   *
   * @return batch * outputs of the model's output dtype, little-endian; fails with a
   *     {@link CallException}, which it is given itself and not as another's cause
   */
  abstract CompletableFuture<ByteBuffer> send(Q request, int batch, T target, long deadlineMs);

  Settings settings() {
    return settings;
  }

  /**
   * Wait until every target has brought a prediction of the right shape.
   *
   * @throws ScorerException if the server's model is another one, or does not answer in time
   */
  @Override
  public void load() throws ScorerException {
    try {
      Ready ready = new Ready(settings);
      for (T target : targets()) {
        ready.await(
            replica(target),
            deadlineMs -> {
              learn(target, deadlineMs);
              Q zeros = request(Values.allocate(pointBytes), 1);
              return send(zeros, 1, target, deadlineMs);
            });
      }
    } catch (ScorerException | RuntimeException error) {
      close();
      throw error;
    }
  }

  /** The bytes are sent as they lie there. */
  @Override
  public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
    Q request = request(points, batch);
    if (settings.retries() == 0) {
      return send(request, batch, next(), settings.deadlineMs());
    }
    Call call = new Call(request, batch);
    call.attempt();
    return call.result;
  }

  /** The target whose turn it is. */
  private T next() {
    List<T> targets = targets();
    int size = targets.size();
    return targets.get(size == 1 ? 0 : Math.floorMod(turn.getAndIncrement(), size));
  }

  /**
   * A call that may be tried again when it finds nobody. Between two tries there is a pause, twice as
   * long each time (truncated exponential backoff): a server that is about to come back is not asked
   * as fast as the network allows.
   */
  private final class Call {
    private final CompletableFuture<ByteBuffer> result = new CompletableFuture<>();
    private final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.deadlineMs());
    private final Q request;
    private final int batch;
    private int left = settings.retries();
    private long pauseMs = FIRST_PAUSE_MS;

    Call(Q request, int batch) {
      this.request = request;
      this.batch = batch;
    }

    void attempt() {
      send(request, batch, next(), Math.max(1, leftMs()))
          .whenComplete(
              (output, failed) -> {
                if (failed == null) {
                  result.complete(output);
                } else if (left > 0 && isAway(failed) && leftMs() > pauseMs) {
                  later().execute(this::attempt);
                } else {
                  result.completeExceptionally(failed);
                }
              });
    }

    private long leftMs() {
      return TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime());
    }

    private Executor later() {
      long pause = pauseMs;
      left--;
      pauseMs = Math.min(2 * pause, LONGEST_PAUSE_MS);
      return CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS);
    }
  }

  private static boolean isAway(Throwable failed) {
    return failed instanceof CallException call && call.reason() == Reason.UNAVAILABLE;
  }
}
