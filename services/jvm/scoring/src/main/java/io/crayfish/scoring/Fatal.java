package io.crayfish.scoring;

import io.crayfish.contract.JsonLog;
import io.crayfish.contract.ServiceExit;

/**
 * What to do with an {@link Error} that is thrown while a record is scored: memory is used up, or a
 * library is broken. Nothing that the process does from then on can be trusted, and an engine around
 * the scorer might hide it: the process ends, and the log says why.
 */
public final class Fatal {
  private static final JsonLog LOG = new JsonLog("scorer");

  private Fatal() {}

  /** Ends a process; a test has another one. */
  interface End {
    void because(String what, Error error);
  }

  /**
   * End the process with {@link ServiceExit#BUG}, unless somebody wants the thread to end.
   *
   * @return never, except for a {@link ThreadDeath}, which is to be thrown on
   */
  public static Error end(String what, Error error) {
    return end(what, error, Fatal::halt);
  }

  static Error end(String what, Error error, End end) {
    if (!(error instanceof ThreadDeath)) {
      end.because(what, error);
    }
    return error;
  }

  /** Not an exit: hooks that wait for what is under way would wait for ever, or say that all is well. */
  static void halt(String what, Error error) {
    try {
      LOG.error(what + ": " + error + "; the process ends");
      error.printStackTrace();
    } finally { // also if there is no memory for a line
      Runtime.getRuntime().halt(ServiceExit.BUG);
    }
  }
}
