package io.crayfish.contract;

/** Why a call of a model server brought no predictions; the ordinal is its number in a result. */
public enum Reason {
  /** Nothing failed, or no call did: the record was none that the model takes. */
  NONE,

  /** It took longer than its deadline. */
  DEADLINE,

  /** Nobody answered, or whoever did went away meanwhile. */
  UNAVAILABLE,

  /** The server took no more work. */
  EXHAUSTED,

  /** The answer has another size or dtype than the predictions of the batch. */
  BAD_OUTPUT,

  /** What the server says otherwise. */
  OTHER;

  private static final Reason[] ALL = values();

  static Reason of(long number) throws CodecException {
    if (number < 0 || number >= ALL.length) {
      throw new CodecException("reason " + number + " is unknown");
    }
    return ALL[(int) number];
  }
}
