package io.crayfish.flink;

import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;

/**
 * A Kafka message's value as it is; no bytes where there is none. Flink would drop such a message, and
 * a record without a result is lost; so it reaches the scorer, which answers that it is no record.
 */
public final class MessageSchema extends AbstractDeserializationSchema<byte[]> {
  private static final long serialVersionUID = 1L;
  private static final byte[] NOTHING = {};

  @Override
  public byte[] deserialize(byte[] message) {
    return message == null ? NOTHING : message;
  }
}
