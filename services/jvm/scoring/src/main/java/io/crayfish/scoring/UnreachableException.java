package io.crayfish.scoring;

/** The model server did not answer in time. */
public final class UnreachableException extends ScorerException {
  private static final long serialVersionUID = 1L;

  /** With which server, and what was heard of it last. */
  public UnreachableException(String message) {
    super(message);
  }
}
