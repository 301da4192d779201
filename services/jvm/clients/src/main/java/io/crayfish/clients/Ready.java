package io.crayfish.clients;

import io.crayfish.contract.Reason;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.UnreachableException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
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
  interface Blank {
    CompletableFuture<float[]> call(Connection connection, long deadlineMs);
  }

  /**
   * Until one call has brought a prediction.
   *
   * @throws ScorerException if the server's model is another one, or does not answer in time
   */
  void await(Connection connection, Protocol<?, ?> protocol, Blank blank) throws ScorerException {
    long refusedNs = 0; // since when
    while (true) {
      String heard;
      Status.Code code = Status.Code.OK;
      try {
        protocol.learn(connection.channel(), deadlineMs());
        blank.call(connection, deadlineMs()).get();
        return;
      } catch (StatusRuntimeException refused) {
        code = refused.getStatus().getCode();
        heard = connection.replica + ": " + code + ": " + refused.getStatus().getDescription();
        if (code == Status.Code.UNAVAILABLE) {
          connection.lost();
        }
      } catch (ExecutionException failed) {
        heard = failed.getCause().getMessage();
        if (failed.getCause() instanceof CallException call && call.reason() != Reason.OTHER) {
          if (call.reason() == Reason.BAD_OUTPUT) {
            throw wrong(heard);
          }
        } else {
          code = Status.Code.UNKNOWN;
        }
      } catch (ScorerException another) {
        throw wrong(connection.replica + ": " + another.getMessage());
      } catch (InterruptedException killed) {
        Thread.currentThread().interrupt();
        throw wrong("interrupted while it waited for " + connection.replica);
      }
      long now = System.nanoTime();
      if (!definite(code)) {
        refusedNs = 0;
      } else if (refusedNs == 0) {
        refusedNs = now;
      } else if (now - refusedNs > unknownNs) {
        throw wrong(heard);
      }
      if (now > endNs) {
        throw new UnreachableException(
            "tool " + settings.tool() + ": no prediction of model " + settings.served() + " within "
                + settings.patience().toSeconds() + " s; heard last: " + heard);
      }
      pause();
    }
  }

  /** Whether the server has understood, and refuses. */
  private static boolean definite(Status.Code code) {
    return switch (code) {
      case NOT_FOUND, INVALID_ARGUMENT, UNIMPLEMENTED, FAILED_PRECONDITION, UNKNOWN -> true;
      default -> false;
    };
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
