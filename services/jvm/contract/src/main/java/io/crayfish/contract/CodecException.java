package io.crayfish.contract;

/** A message that is not a record of this version; says what was found. */
public final class CodecException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With what was found. */
  public CodecException(String message) {
    super(message);
  }

  CodecException(String message, Throwable cause) {
    super(message, cause);
  }
}
