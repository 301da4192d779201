package io.crayfish.clients;

import io.crayfish.contract.Reason;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.UnreachableException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Waits for servers. Only a prediction says that a server is ready: many of them answer that they are
 * while they still load the model.
 */
final class Ready {
  /** Between two tries. */
  private static final long PAUSE_MS = 100;

  /** A model that is large answers its first point late. */
  private static final long LEAST_DEADLINE_MS = 10_000;

  /** A server that answers, and does not know the model, may be about to load it. */
  private static final long UNKNOWN_NS = TimeUnit.SECONDS.toNanos(30);

  private final Settings settings;
  private final long endNs;
  private final long unknownNs;

  Ready(Settings settings) {
    this.settings = settings;
    this.endNs = System.nanoTime() + settings.patience().toNanos();
    this.unknownNs = Math.min(UNKNOWN_NS, settings.patience().toNanos() / 2);
  }

  /** Makes one call. */
  interface Attempt {
    CompletableFuture<ByteBuffer> call(long deadlineMs) throws CallException, ScorerException;
  }

  /**
   * Until one call has brought a prediction.
   *
   * @param replica host:port, for messages
   * @throws ScorerException if the server's model is another one, or does not answer in time
   */
  void await(String replica, Attempt attempt) throws ScorerException {
    long refusedNs = 0; // since when
    while (true) {
      CallException heard;
      try {
        attempt.call(deadlineMs()).get();
        return;
      } catch (CallException failed) {
        heard = failed;
      } catch (ExecutionException failed) {
        if (failed.getCause() instanceof Error error) {
          throw error;
        }
        heard =
            failed.getCause() instanceof CallException call
                ? call
                : new CallException(Reason.OTHER, replica + ": " + failed.getCause());
      } catch (ScorerException another) {
        throw wrong(replica + ": " + another.getMessage());
      } catch (InterruptedException killed) {
        Thread.currentThread().interrupt();
        throw wrong("interrupted while it waited for " + replica);
      }
      if (heard.reason() == Reason.BAD_OUTPUT) {
        throw wrong(heard.getMessage());
      }
      if (heard.reason() == Reason.UNAVAILABLE && settings.trust() != null) {
        settings.trust().check(replica);
      }
      long now = System.nanoTime();
      if (heard.reason() != Reason.OTHER) { // else it has understood, and refuses
        refusedNs = 0;
      } else if (refusedNs == 0) {
        refusedNs = now;
      } else if (now - refusedNs > unknownNs) {
        throw wrong(heard.getMessage());
      }
      if (now > endNs) {
        throw new UnreachableException(
            "tool " + settings.tool() + ": no prediction of model " + settings.served() + " within "
                + settings.patience().toSeconds() + " s; heard last: " + heard.getMessage());
      }
      pause();
    }
  }

  private long deadlineMs() {
    long left = TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime());
    return Math.max(1, Math.min(left, Math.max(LEAST_DEADLINE_MS, settings.deadlineMs())));
  }

  private ScorerException wrong(String what) {
    return new ScorerException(
        "tool " + settings.tool() + ": model " + settings.served() + ": " + what);
  }

  private void pause() throws ScorerException {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException killed) {
      Thread.currentThread().interrupt();
      throw wrong("interrupted while it waited");
    }
  }
}
