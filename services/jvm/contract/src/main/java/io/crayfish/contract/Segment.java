package io.crayfish.contract;

import java.util.Locale;

/** Which part of a run a record belongs to; only {@link #MEASURED} enters the numbers. */
public enum Segment {
  CANARY(0x01),
  WARMUP(0x02),
  MEASURED(0x04);

  private final int flag;

  Segment(int flag) {
    this.flag = flag;
  }

  /** The bit in a binary header's flags. */
  public int flag() {
    return flag;
  }

  /** As JSON spells it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Segment of(int flag) throws CodecException {
    for (Segment segment : values()) {
      if (segment.flag == flag) {
        return segment;
      }
    }
    throw new CodecException("flags " + flag + " are no segment");
  }

  static Segment of(String word) throws CodecException {
    for (Segment segment : values()) {
      if (segment.word().equals(word)) {
        return segment;
      }
    }
    throw new CodecException("segment " + word + " is unknown");
  }
}
