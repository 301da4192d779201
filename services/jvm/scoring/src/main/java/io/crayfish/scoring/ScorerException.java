package io.crayfish.scoring;

/** The tool or its model cannot be used; the message names the file or option. */
public final class ScorerException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With what is wrong. */
  public ScorerException(String message) {
    super(message);
  }

  /** With what is wrong, and the library's own exception. */
  public ScorerException(String message, Throwable cause) {
    super(message, cause);
  }
}
