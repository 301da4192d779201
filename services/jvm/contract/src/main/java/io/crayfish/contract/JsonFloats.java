package io.crayfish.contract;

import com.fasterxml.jackson.core.io.NumberOutput;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.function.ToDoubleFunction;

/**
 * A float32 or float64 as the codec's text writes it: the fewest digits that read back as the same
 * number, in Python's notation.
 *
 * <p>The digits are those of Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles",
 * 2020), which Jackson brings. It never gives fewer than two, so a single digit is tried here.
 */
final class JsonFloats {
  private JsonFloats() {}

  static void append(StringBuilder out, float value) throws CodecException {
    if (isOrdinary(out, value)) {
      append(out, NumberOutput.toString(value, true), value, near -> near.floatValue());
    }
  }

  static void append(StringBuilder out, double value) throws CodecException {
    if (isOrdinary(out, value)) {
      append(out, NumberOutput.toString(value, true), value, BigDecimal::doubleValue);
    }
  }

  /** Whether it has digits; if not, it has been appended. */
  private static boolean isOrdinary(StringBuilder out, double value) throws CodecException {
    if (!Double.isFinite(value)) {
      throw new CodecException("JSON has no NaN and no infinity");
    }
    if (value == 0) {
      out.append(1 / value < 0 ? "-0.0" : "0.0");
    }
    return value != 0;
  }

  private static void append(
      StringBuilder out, String text, double value, ToDoubleFunction<BigDecimal> reading) {
    int exponentAt = text.indexOf('E');
    int exponent = exponentAt < 0 ? 0 : Integer.parseInt(text, exponentAt + 1, text.length(), 10);
    int end = exponentAt < 0 ? text.length() : exponentAt;
    int start = text.charAt(0) == '-' ? 1 : 0;
    int point = text.indexOf('.');
    StringBuilder digits = new StringBuilder(end);
    digits.append(text, start, point).append(text, point + 1, end);
    exponent += point - start - 1; // of the first digit
    while (digits.length() > 1 && digits.charAt(0) == '0') {
      digits.deleteCharAt(0);
      exponent--;
    }
    while (digits.length() > 1 && digits.charAt(digits.length() - 1) == '0') {
      digits.setLength(digits.length() - 1);
    }
    if (digits.length() == 2) {
      String one = oneDigit(Math.abs(value), reading);
      if (one != null) {
        BigDecimal shorter = new BigDecimal(one);
        digits.setLength(0);
        digits.append(shorter.unscaledValue());
        exponent = shorter.precision() - shorter.scale() - 1;
      }
    }
    if (start == 1) {
      out.append('-');
    }
    write(out, digits, exponent);
  }

  /** The one-digit number that reads back as {@code value}; null if none does. */
  private static String oneDigit(double value, ToDoubleFunction<BigDecimal> reading) {
    BigDecimal exact = new BigDecimal(value);
    BigDecimal best = null;
    for (RoundingMode mode : new RoundingMode[] {RoundingMode.DOWN, RoundingMode.UP}) {
      BigDecimal near = exact.round(new MathContext(1, mode)).stripTrailingZeros();
      if (reading.applyAsDouble(near) != value) {
        continue;
      }
      int order = best == null ? -1 : distance(near, exact).compareTo(distance(best, exact));
      if (order < 0 || (order == 0 && !near.unscaledValue().testBit(0))) {
        best = near;
      }
    }
    return best == null ? null : best.toString();
  }

  private static BigDecimal distance(BigDecimal a, BigDecimal b) {
    return a.subtract(b).abs();
  }

  private static void write(StringBuilder out, StringBuilder digits, int exponent) {
    int length = digits.length();
    if (exponent < -4 || exponent >= 16) {
      out.append(digits.charAt(0));
      if (length > 1) {
        out.append('.').append(digits, 1, length);
      }
      int size = Math.abs(exponent);
      out.append(exponent < 0 ? "e-" : "e+").append(size < 10 ? "0" : "").append(size);
    } else if (exponent < 0) {
      out.append("0.").append("0".repeat(-exponent - 1)).append(digits);
    } else if (length <= exponent + 1) {
      out.append(digits).append("0".repeat(exponent + 1 - length)).append(".0");
    } else {
      out.append(digits, 0, exponent + 1).append('.').append(digits, exponent + 1, length);
    }
  }
}
