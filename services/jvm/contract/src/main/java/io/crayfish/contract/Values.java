package io.crayfish.contract;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;

/** Values as they lie in a record: bytes, little-endian, from a buffer's position to its limit. */
public final class Values {
  private Values() {}

  /** Room for so many bytes. */
  public static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(LITTLE_ENDIAN);
  }

  /** Those of an array, in place. */
  public static ByteBuffer wrap(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(LITTLE_ENDIAN);
  }

  /** The same bytes for somebody who moves the position. */
  public static ByteBuffer again(ByteBuffer values) {
    return values.duplicate().order(LITTLE_ENDIAN);
  }

  /** A copy of float32 values. */
  public static ByteBuffer of(float... values) {
    ByteBuffer bytes = allocate(Float.BYTES * values.length);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }

  /** A copy of the bytes, as float32 values. */
  public static float[] floats(ByteBuffer values) {
    float[] copy = new float[values.remaining() / Float.BYTES];
    again(values).asFloatBuffer().get(copy);
    return copy;
  }

  /** Whether all bytes are values of their type; those of a bool may be none. */
  public static boolean areValid(Dtype dtype, ByteBuffer values) {
    if (dtype == Dtype.BOOL) {
      for (int at = values.position(); at < values.limit(); at++) {
        if ((values.get(at) & ~1) != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * One value as a float64, which an int64 beyond 53 bits is rounded to.
   *
   * @param index counted in values, from the position on
   */
  public static double get(Dtype dtype, ByteBuffer values, int index) {
    int at = values.position() + index * dtype.bytes();
    return switch (dtype) {
      case FLOAT32 -> values.getFloat(at);
      case FLOAT64 -> values.getDouble(at);
      case FLOAT16 -> Half.toFloat(values.getShort(at));
      case INT64 -> values.getLong(at);
      case INT32 -> values.getInt(at);
      case UINT8, BOOL -> values.get(at) & 0xff;
    };
  }

  /** Append one value: the nearest of its type, or, if that is a whole one, its lowest bits. */
  public static void put(Dtype dtype, ByteBuffer values, Number value) {
    switch (dtype) {
      case FLOAT32 -> values.putFloat(value.floatValue());
      case FLOAT64 -> values.putDouble(value.doubleValue());
      case FLOAT16 -> values.putShort(Half.of(value.floatValue()));
      case INT64 -> values.putLong(value.longValue());
      case INT32 -> values.putInt(value.intValue());
      case UINT8, BOOL -> values.put(value.byteValue());
    }
  }
}
