package io.crayfish.contract;

/** A float16, IEEE 754's binary16, as 16 bits: Java has none before version 20. */
public final class Half {
  /** The smallest normal one, 2^-14, as a float32's bits. */
  private static final int NORMAL = 0x38800000;

  /** 65520, from which on the nearest is infinity, as a float32's bits. */
  private static final int BEYOND = 0x477ff000;

  private static final int INFINITY = 0x7f800000;
  private static final float SMALLEST = 0x1p-24f;

  private Half() {}

  /** The same value as a float32. */
  public static float toFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >> 10 & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float size = fraction * SMALLEST;
      return sign == 0 ? size : -size;
    }
    int scale = exponent == 0x1f ? INFINITY : exponent + 112 << 23;
    return Float.intBitsToFloat(sign | scale | fraction << 13);
  }

  /** The nearest one; of two that are equally near, the even one. */
  public static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int size = bits & 0x7fffffff;
    if (size > INFINITY) {
      return (short) (sign | 0x7e00);
    }
    if (size >= BEYOND) {
      return (short) (sign | 0x7c00);
    }
    if (size < NORMAL) {
      return (short) (sign | (int) Math.rint(Math.abs(value) / (double) SMALLEST));
    }
    int even = size + 0xfff + (size >> 13 & 1);
    return (short) (sign | even - (112 << 23) >> 13);
  }
}
