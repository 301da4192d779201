package io.crayfish.scoring;

import io.crayfish.contract.Codec;
import io.crayfish.contract.CodecException;
import io.crayfish.contract.JsonCodec;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RecordHeader;
import java.nio.FloatBuffer;

/** A request that went through the codec. */
record JsonRequest(Codec.Decoded record, long receivedNs, String refusal) implements Begun {
  private static final Codec CODEC = new JsonCodec();
  private static final float[] NOTHING = {};

  static Begun begin(byte[] message, int values, long receivedNs) {
    try {
      Codec.Decoded record = CODEC.decode(message);
      return new JsonRequest(record, receivedNs, refusal(record.header(), values));
    } catch (CodecException error) {
      return new NoRecord(receivedNs, error.toString());
    }
  }

  private static String refusal(RecordHeader header, int values) {
    if (header.result()) {
      return "no request: a result";
    }
    if (header.values() != values || header.batch() == 0) {
      return "it has " + header.batch() + " points of " + header.values()
          + " values; the model takes " + values + " values";
    }
    return null;
  }

  @Override
  public String name() {
    return "record " + Long.toUnsignedString(record.header().id());
  }

  @Override
  public int batch() {
    return record.header().batch();
  }

  @Override
  public FloatBuffer points() {
    return record.data();
  }

  @Override
  public byte[] scored(float[] output, int waitedUs) throws CodecException {
    long scored = RecordScorer.now();
    int outputs = output.length / batch();
    return CODEC.encode(record.header().scored(receivedNs, scored, outputs, waitedUs), output);
  }

  @Override
  public byte[] failed(Reason reason, int waitedUs) {
    long failed = RecordScorer.now();
    try {
      return CODEC.encode(record.header().failed(receivedNs, failed, reason, waitedUs), NOTHING);
    } catch (CodecException bug) {
      throw new IllegalStateException(bug);
    }
  }
}
