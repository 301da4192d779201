package io.crayfish.contract;

import com.fasterxml.jackson.core.io.NumberInput;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads a JSON list of numbers into values of a type, from the bytes of the message.
 *
 * <p>Of a record of 8.5 KB all but 300 bytes are such a list, and a parser that makes a token of each
 * number and a text of each token spends most of its time on that: this is the measured path, and the
 * one place where reading JSON by hand pays.
 *
 * <p>A number is the float64 that is nearest to it, rounded to float32, as in Python; one that is to
 * be a float16 must then be exactly one, and a whole one has neither point nor exponent. If its digits
 * make an integer of at most 53 bits, and the power of ten is at most 22, then both are exact as
 * float64, and one multiplication or division rounds once: that is the nearest (William D. Clinger,
 * "How to read floating point numbers accurately", 1990). All others are left to Jackson.
 */
final class JsonNumbers {
  private static final double[] POWERS = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22
  };

  private static final long EXACT = 1L << 53;

  /** As many decimal digits always fit into a long. */
  private static final int DIGITS = 18;

  /** Stands for any exponent that is as large, so that it cannot overflow. */
  private static final int LARGE = 100_000;

  private final byte[] text;
  private final Dtype dtype;
  private ByteBuffer values;
  private int at;

  private JsonNumbers(byte[] text, int at, Dtype dtype) {
    this.text = text;
    this.at = at;
    this.dtype = dtype;
  }

  /**
   * A list that has been read.
   *
   * @param values its numbers, little-endian
   * @param end where its closing bracket stands
   */
  record Numbers(ByteBuffer values, int end) {}

  /**
   * Read a list.
   *
   * @param text holds it
   * @param open where its opening bracket stands
   * @param dtype of its numbers
   * @throws CodecException if it is not a list of JSON numbers, or if one is none of that type
   */
  static Numbers read(byte[] text, int open, Dtype dtype) throws CodecException {
    return new JsonNumbers(text, open + 1, dtype).list();
  }

  private Numbers list() throws CodecException {
    if (space() == ']') {
      return new Numbers(Values.allocate(0), at);
    }
    return dtype == Dtype.FLOAT32 ? floats() : others();
  }

  /** The usual type, in a loop of its own, which the compiler makes short. */
  private Numbers floats() throws CodecException {
    float[] floats = new float[1 + (text.length - at) / 8];
    int size = 0;
    do {
      space();
      if (size == floats.length) {
        floats = Arrays.copyOf(floats, 2 * size);
      }
      float value = (float) number();
      if (!Float.isFinite(value)) {
        throw outOfRange();
      }
      floats[size++] = value;
    } while (goesOn());
    ByteBuffer list = Values.allocate(Float.BYTES * size);
    list.asFloatBuffer().put(floats, 0, size);
    return new Numbers(list, at);
  }

  private Numbers others() throws CodecException {
    values = Values.allocate(dtype.bytes() * (1 + (text.length - at) / 8));
    do {
      space();
      if (!values.hasRemaining()) {
        values = Values.wrap(Arrays.copyOf(values.array(), 2 * values.capacity()));
        values.position(values.capacity() / 2);
      }
      value();
    } while (goesOn());
    return new Numbers(values.flip(), at);
  }

  /** Past the comma after a number; false: at the bracket that ends the list. */
  private boolean goesOn() throws CodecException {
    byte next = space();
    if (next == ']') {
      return false;
    }
    if (next != ',') {
      throw noNumbers();
    }
    at++;
    return true;
  }

  /** One number of the list. */
  private void value() throws CodecException {
    switch (dtype) {
      case FLOAT64 -> values.putDouble(finite(number()));
      case FLOAT16 -> values.putShort(half((float) number()));
      case INT64 -> values.putLong(whole(Long.MIN_VALUE, Long.MAX_VALUE));
      case INT32 -> values.putInt((int) whole(Integer.MIN_VALUE, Integer.MAX_VALUE));
      case UINT8 -> values.put((byte) whole(0, 255));
      case BOOL -> values.put((byte) whole(0, 1));
      default -> throw new IllegalStateException("a list of " + dtype); // has a loop of its own
    }
  }

  private double finite(double number) throws CodecException {
    if (Double.isFinite(number)) {
      return number;
    }
    throw outOfRange();
  }

  private short half(float number) throws CodecException {
    short half = Half.of((float) finite(number));
    if (Half.toFloat(half) == number) {
      return half;
    }
    throw outOfRange();
  }

  /** A number without point and exponent, which is within these bounds. */
  private long whole(long least, long most) throws CodecException {
    boolean negative = peek() == '-';
    int first = negative ? at + 1 : at;
    long size = digits(first, 0);
    int count = at - first;
    if (count == 0 || (count > 1 && text[first] == '0')) {
      throw noNumbers();
    }
    // 19 digits fit into an unsigned long; there, only the most negative number has the sign bit.
    boolean fits = count <= DIGITS + 1 && (size >= 0 || (negative && size == Long.MIN_VALUE));
    long value = negative ? -size : size;
    if (!fits || value < least || value > most) {
      throw outOfRange();
    }
    return value;
  }

  /** number = [ "-" ] ( "0" / 1-9 *DIGIT ) [ "." 1*DIGIT ] [ "e" [ "+" / "-" ] 1*DIGIT ]. */
  private double number() throws CodecException {
    int start = at;
    boolean negative = peek() == '-';
    int first = negative ? start + 1 : start;
    long digits = digits(first, 0);
    int count = at - first;
    if (count == 0 || (count > 1 && text[first] == '0')) {
      throw noNumbers();
    }
    boolean whole = true;
    int exponent = 0;
    if (peek() == '.') {
      whole = false;
      int point = at + 1;
      digits = digits(point, digits);
      exponent = point - at;
      if (exponent == 0) {
        throw noNumbers();
      }
      count -= exponent;
    }
    if ((peek() | 0x20) == 'e') {
      whole = false;
      exponent += exponent();
    }
    if (count > DIGITS || digits > EXACT || Math.abs(exponent) >= POWERS.length) {
      return NumberInput.parseDouble(
          new String(text, start, at - start, StandardCharsets.US_ASCII), true);
    }
    if (whole) {
      return negative ? -digits : digits; // a whole number has no negative zero
    }
    double value = exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
    return negative ? -value : value;
  }

  /** Appends the digits from {@code from} on, if any, to those of {@code value}; many overflow. */
  private long digits(int from, long value) {
    byte[] bytes = text;
    int position = from;
    long result = value;
    while (position < bytes.length && bytes[position] >= '0' && bytes[position] <= '9') {
      result = 10 * result + bytes[position++] - '0';
    }
    at = position;
    return result;
  }

  private int exponent() throws CodecException {
    at++;
    byte sign = peek();
    int first = sign == '+' || sign == '-' ? at + 1 : at;
    long size = digits(first, 0);
    if (at == first) {
      throw noNumbers();
    }
    if (at - first > DIGITS || size > LARGE) {
      size = LARGE;
    }
    return (int) (sign == '-' ? -size : size);
  }

  /** Past white space; what stands there, or 0 at the end of the message. */
  private byte space() {
    byte found = peek();
    while (found == ' ' || found == '\n' || found == '\r' || found == '\t') {
      at++;
      found = peek();
    }
    return found;
  }

  private byte peek() {
    return at < text.length ? text[at] : 0;
  }

  private CodecException outOfRange() {
    return new CodecException("data has a number that is no " + dtype);
  }

  private static CodecException noNumbers() {
    return new CodecException("data is not a list of numbers");
  }
}
