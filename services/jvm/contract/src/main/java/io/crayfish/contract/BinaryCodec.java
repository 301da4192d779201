package io.crayfish.contract;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The default format: a header of 64 bytes, then the values as they lie in memory. The offsets are
 * public because the fast path of scoring patches a header instead of making one.
 */
public final class BinaryCodec implements Codec {
  public static final int HEADER_BYTES = 64;
  public static final int MAGIC = 0x59415243; // "CRAY", read as a little-endian int
  public static final byte VERSION = 2;
  public static final int RESULT = 0x80;

  /** The bits of the flags that are a {@link Segment}. */
  public static final int SEGMENT = 0x07;

  /** Where the bits of the flags begin that are a {@link Dtype}'s code; there are four. */
  public static final int DTYPE_SHIFT = 3;

  public static final int VERSION_AT = 4;
  public static final int FLAGS_AT = 5;
  public static final int STATUS_AT = 6;
  public static final int REASON_AT = 7;
  public static final int ID_AT = 8;
  public static final int INTENDED_AT = 16;
  public static final int SENT_AT = 24;
  public static final int RECEIVED_AT = 32;
  public static final int SCORED_AT = 40;
  public static final int BATCH_AT = 48;
  public static final int VALUES_AT = 52;
  public static final int OUTPUTS_AT = 56;
  public static final int WAITED_AT = 60;

  /** Reads and writes little-endian ints of a byte array. */
  public static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, LITTLE_ENDIAN);

  /** Reads and writes little-endian longs of a byte array. */
  public static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, LITTLE_ENDIAN);

  @Override
  public byte[] encode(RecordHeader header, ByteBuffer data) throws CodecException {
    header.check(data.remaining());
    byte[] message = new byte[HEADER_BYTES + data.remaining()];
    INT.set(message, 0, MAGIC);
    message[VERSION_AT] = VERSION;
    message[FLAGS_AT] = flags(header);
    message[STATUS_AT] = (byte) header.status().ordinal();
    message[REASON_AT] = (byte) header.reason().ordinal();
    LONG.set(message, ID_AT, header.id());
    LONG.set(message, INTENDED_AT, header.intendedNs());
    LONG.set(message, SENT_AT, header.sentNs());
    LONG.set(message, RECEIVED_AT, header.receivedNs());
    LONG.set(message, SCORED_AT, header.scoredNs());
    INT.set(message, BATCH_AT, header.batch());
    INT.set(message, VALUES_AT, header.values());
    INT.set(message, OUTPUTS_AT, header.outputs());
    INT.set(message, WAITED_AT, header.waitedUs());
    data.get(data.position(), message, HEADER_BYTES, data.remaining());
    return message;
  }

  @Override
  public Decoded decode(byte[] message) throws CodecException {
    if (message.length < HEADER_BYTES) {
      throw new CodecException(
          message.length + " bytes, shorter than the header's " + HEADER_BYTES);
    }
    if ((int) INT.get(message, 0) != MAGIC) {
      throw new CodecException("magic is not CRAY");
    }
    if (message[VERSION_AT] != VERSION) {
      throw new CodecException(
          "a record of version " + (message[VERSION_AT] & 0xff) + ", this codec reads " + VERSION);
    }
    int flags = message[FLAGS_AT] & 0xff;
    RecordHeader header =
        new RecordHeader(
            Segment.of(flags & SEGMENT),
            (long) LONG.get(message, ID_AT),
            (long) LONG.get(message, INTENDED_AT),
            (long) LONG.get(message, SENT_AT),
            (int) INT.get(message, BATCH_AT),
            (int) INT.get(message, VALUES_AT),
            (flags & RESULT) != 0,
            Status.of(message[STATUS_AT] & 0xff),
            (long) LONG.get(message, RECEIVED_AT),
            (long) LONG.get(message, SCORED_AT),
            (int) INT.get(message, OUTPUTS_AT),
            Reason.of(message[REASON_AT] & 0xff),
            (int) INT.get(message, WAITED_AT),
            Dtype.of((flags & ~RESULT) >> DTYPE_SHIFT));
    header.check(message.length - HEADER_BYTES);
    ByteBuffer values = values(message);
    if (!Values.areValid(header.dtype(), values)) {
      throw new CodecException(
          "record " + Long.toUnsignedString(header.id()) + ": a byte that is no bool");
    }
    return new Decoded(header, values);
  }

  private static byte flags(RecordHeader header) {
    int dtype = header.dtype().ordinal() << DTYPE_SHIFT;
    return (byte) (header.segment().flag() | dtype | (header.result() ? RESULT : 0));
  }

  /** The values of a binary message, in place. */
  public static ByteBuffer values(byte[] message) {
    return ByteBuffer.wrap(message, HEADER_BYTES, message.length - HEADER_BYTES)
        .slice()
        .order(LITTLE_ENDIAN);
  }
}
