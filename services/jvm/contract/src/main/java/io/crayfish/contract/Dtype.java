package io.crayfish.contract;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Locale;

/**
 * The types that values may have; the ordinal is a type's code in a binary header. Values lie
 * little-endian; a bool is one byte, 0 or 1.
 */
public enum Dtype {
  FLOAT32(4),
  FLOAT64(8),
  FLOAT16(2),
  INT64(8),
  INT32(4),
  UINT8(1),
  BOOL(1);

  private static final Dtype[] ALL = values();

  private final int bytes;
  private final String word = name().toLowerCase(Locale.ROOT);

  Dtype(int bytes) {
    this.bytes = bytes;
  }

  /** Of one value. */
  public int bytes() {
    return bytes;
  }

  /** Its name in configs, in JSON and in messages. */
  public String word() {
    return word;
  }

  /** Whether two values of it may differ by a rounding. */
  public boolean isFloat() {
    return this == FLOAT32 || this == FLOAT64 || this == FLOAT16;
  }

  /**
   * By its name.
   *
   * @throws IllegalArgumentException if there is no such type
   */
  @JsonCreator
  public static Dtype named(String word) {
    for (Dtype dtype : ALL) {
      if (dtype.word.equals(word)) {
        return dtype;
      }
    }
    throw new IllegalArgumentException("dtype " + word + " is unknown");
  }

  static Dtype of(int code) throws CodecException {
    if (code >= ALL.length) {
      throw new CodecException("dtype " + code + " is unknown");
    }
    return ALL[code];
  }

  static Dtype of(String word) throws CodecException {
    try {
      return named(word);
    } catch (IllegalArgumentException unknown) {
      throw new CodecException(unknown.getMessage());
    }
  }

  @Override
  public String toString() {
    return word;
  }
}
