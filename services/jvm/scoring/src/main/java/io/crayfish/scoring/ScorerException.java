package io.crayfish.scoring;

import io.crayfish.contract.ServiceExit;

/** The tool or its model cannot be used; the message names the file or option. */
public class ScorerException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With what is wrong. */
  public ScorerException(String message) {
    super(message);
  }

  /** With what is wrong, and the library's own exception. */
  public ScorerException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The exit code of a container that needs it. */
  public int exitCode() {
    return this instanceof UnreachableException ? ServiceExit.UNREACHABLE : ServiceExit.BAD_CONFIG;
  }
}
