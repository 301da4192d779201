package io.crayfish.contract;

import java.nio.ByteBuffer;

/** One format of the record. Implementations have no state: one serves all threads. */
public interface Codec {
  /**
   * A decoded message.
   *
   * @param header its fields
   * @param data the values, little-endian; a view into the message where the format allows it
   */
  record Decoded(RecordHeader header, ByteBuffer data) {}

  /**
   * Write a record.
   *
   * @param data batch * (values or outputs) values of the header's dtype, little-endian, from position
   *     to limit
   * @throws CodecException if status, data and header contradict each other, or if the format cannot
   *     hold a value
   */
  byte[] encode(RecordHeader header, ByteBuffer data) throws CodecException;

  /**
   * Read a record.
   *
   * @throws CodecException if the message is not a record, or its length does not fit its header
   */
  Decoded decode(byte[] message) throws CodecException;

  /** The codec of a run config's {@code format}. */
  static Codec of(String format) {
    return switch (format) {
      case "binary" -> new BinaryCodec();
      case "json" -> new JsonCodec();
      default -> throw new IllegalArgumentException("format " + format + " is unknown");
    };
  }
}
