package io.crayfish.scoring;

import io.crayfish.contract.Reason;

/** A call that brought no predictions. */
public final class CallException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Reason reason;

  /** With what the server, or the way to it, said. */
  public CallException(Reason reason, String message) {
    // Calls fail by the thousands when a server is gone, and where in the code says nothing.
    super(message, null, false, false);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }

  @Override
  public String toString() {
    return reason.name().toLowerCase(java.util.Locale.ROOT) + ": " + getMessage();
  }
}
