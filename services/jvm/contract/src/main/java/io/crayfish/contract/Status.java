package io.crayfish.contract;

import java.util.Locale;

/** What became of a record; the ordinal is its number in a binary header. */
public enum Status {
  PENDING,
  OK,
  FAILED;

  private static final Status[] ALL = values();

  /** As JSON spells it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Status of(int number) throws CodecException {
    if (number >= ALL.length) {
      throw new CodecException("status " + number + " is unknown");
    }
    return ALL[number];
  }

  static Status of(String word) throws CodecException {
    for (Status status : ALL) {
      if (status.word().equals(word)) {
        return status;
      }
    }
    throw new CodecException("status " + word + " is unknown");
  }
}
