package io.crayfish.scoring;

import static io.crayfish.contract.BinaryCodec.BATCH_AT;
import static io.crayfish.contract.BinaryCodec.FLAGS_AT;
import static io.crayfish.contract.BinaryCodec.HEADER_BYTES;
import static io.crayfish.contract.BinaryCodec.ID_AT;
import static io.crayfish.contract.BinaryCodec.INT;
import static io.crayfish.contract.BinaryCodec.LONG;
import static io.crayfish.contract.BinaryCodec.MAGIC;
import static io.crayfish.contract.BinaryCodec.OUTPUTS_AT;
import static io.crayfish.contract.BinaryCodec.REASON_AT;
import static io.crayfish.contract.BinaryCodec.RECEIVED_AT;
import static io.crayfish.contract.BinaryCodec.RESULT;
import static io.crayfish.contract.BinaryCodec.SCORED_AT;
import static io.crayfish.contract.BinaryCodec.STATUS_AT;
import static io.crayfish.contract.BinaryCodec.VALUES_AT;
import static io.crayfish.contract.BinaryCodec.VERSION;
import static io.crayfish.contract.BinaryCodec.VERSION_AT;
import static io.crayfish.contract.BinaryCodec.WAITED_AT;

import io.crayfish.contract.BinaryCodec;
import io.crayfish.contract.Reason;
import io.crayfish.contract.Status;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** The fast path: the request's header is copied and patched, its values are read in place. */
record BinaryRequest(byte[] message, int batch, long receivedNs, String refusal) implements Begun {
  static Begun begin(byte[] message, int values, long receivedNs) {
    if (message.length < HEADER_BYTES
        || (int) INT.get(message, 0) != MAGIC
        || message[VERSION_AT] != VERSION) {
      return new NoRecord(receivedNs, "shorter than a header, or of another magic or version");
    }
    int batch = (int) INT.get(message, BATCH_AT);
    long expected = HEADER_BYTES + 4L * values * Integer.toUnsignedLong(batch);
    String refusal = null;
    if ((int) INT.get(message, VALUES_AT) != values || message.length != expected || batch == 0) {
      refusal = shapeOf(message, batch, values);
    } else if (!isRequest(message)) {
      refusal = "no request: flags " + message[FLAGS_AT] + ", status " + message[STATUS_AT];
    }
    return new BinaryRequest(message, batch, receivedNs, refusal);
  }

  private static boolean isRequest(byte[] message) {
    int flags = message[FLAGS_AT];
    return (flags == 1 || flags == 2 || flags == 4)
        && message[STATUS_AT] == 0
        && message[REASON_AT] == 0
        && (int) INT.get(message, OUTPUTS_AT) == 0
        && (int) INT.get(message, WAITED_AT) == 0;
  }

  private static String shapeOf(byte[] message, int batch, int values) {
    return "it says "
        + Integer.toUnsignedString(batch)
        + " points of "
        + Integer.toUnsignedString((int) INT.get(message, VALUES_AT))
        + " values, and has "
        + (message.length - HEADER_BYTES)
        + " bytes of them; the model takes "
        + values
        + " values";
  }

  @Override
  public String name() {
    return "record " + Long.toUnsignedString((long) LONG.get(message, ID_AT));
  }

  @Override
  public FloatBuffer points() {
    return BinaryCodec.floats(message);
  }

  @Override
  public ByteBuffer bytes() {
    return ByteBuffer.wrap(message, HEADER_BYTES, message.length - HEADER_BYTES);
  }

  @Override
  public byte[] scored(float[] output, int waitedUs) {
    byte[] result = new byte[HEADER_BYTES + 4 * output.length];
    System.arraycopy(message, 0, result, 0, HEADER_BYTES);
    result[FLAGS_AT] |= (byte) RESULT;
    result[STATUS_AT] = (byte) Status.OK.ordinal();
    LONG.set(result, RECEIVED_AT, receivedNs);
    INT.set(result, OUTPUTS_AT, output.length / batch);
    INT.set(result, WAITED_AT, waitedUs);
    for (int i = 0; i < output.length; i++) {
      INT.set(result, HEADER_BYTES + 4 * i, Float.floatToRawIntBits(output[i]));
    }
    LONG.set(result, SCORED_AT, RecordScorer.now());
    return result;
  }

  @Override
  public byte[] failed(Reason reason, int waitedUs) {
    byte[] result = Arrays.copyOf(message, HEADER_BYTES);
    result[FLAGS_AT] |= (byte) RESULT;
    result[STATUS_AT] = (byte) Status.FAILED.ordinal();
    result[REASON_AT] = (byte) reason.ordinal();
    LONG.set(result, RECEIVED_AT, receivedNs);
    LONG.set(result, SCORED_AT, RecordScorer.now());
    INT.set(result, OUTPUTS_AT, 0);
    INT.set(result, WAITED_AT, waitedUs);
    return result;
  }
}
