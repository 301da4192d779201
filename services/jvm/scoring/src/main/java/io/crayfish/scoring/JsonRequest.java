package io.crayfish.scoring;

import io.crayfish.contract.Codec;
import io.crayfish.contract.CodecException;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.JsonCodec;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;

/** A request that went through the codec. */
record JsonRequest(Codec.Decoded record, Dtype predictions, long receivedNs, String refusal)
    implements Begun {
  private static final Codec CODEC = new JsonCodec();
  private static final ByteBuffer NOTHING = Values.allocate(0);

  static Begun begin(byte[] message, Carried carried, long receivedNs) {
    try {
      Codec.Decoded record = CODEC.decode(message);
      String refusal = refusal(record.header(), carried);
      return new JsonRequest(record, carried.predictions(), receivedNs, refusal);
    } catch (CodecException error) {
      return new NoRecord(receivedNs, error.getMessage());
    }
  }

  private static String refusal(RecordHeader header, Carried carried) {
    if (header.result()) {
      return "no request: a result";
    }
    if (header.dtype() != carried.points()) {
      return "it has values of " + header.dtype() + "; the model takes " + carried.points();
    }
    if (header.values() != carried.values() || header.batch() == 0) {
      return "it has " + header.batch() + " points of " + header.values()
          + " values; the model takes " + carried.values() + " values";
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
  public ByteBuffer points() {
    return Values.again(record.data());
  }

  @Override
  public byte[] scored(ByteBuffer output, int waitedUs) throws CodecException {
    long scored = RecordScorer.now();
    int outputs = output.remaining() / predictions.bytes() / batch();
    return CODEC.encode(
        record.header().scored(receivedNs, scored, outputs, waitedUs, predictions), output);
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
