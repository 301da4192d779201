package io.crayfish.scoring;

import static io.crayfish.contract.BinaryCodec.BATCH_AT;
import static io.crayfish.contract.BinaryCodec.DTYPE_SHIFT;
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
import static io.crayfish.contract.BinaryCodec.SEGMENT;
import static io.crayfish.contract.BinaryCodec.STATUS_AT;
import static io.crayfish.contract.BinaryCodec.VALUES_AT;
import static io.crayfish.contract.BinaryCodec.VERSION;
import static io.crayfish.contract.BinaryCodec.VERSION_AT;
import static io.crayfish.contract.BinaryCodec.WAITED_AT;

import io.crayfish.contract.BinaryCodec;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.Reason;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The fast path: the request's header is copied and patched, its values are read in place. */
record BinaryRequest(
    byte[] message, int batch, Dtype predictions, long receivedNs, String refusal)
    implements Begun {
  static Begun begin(byte[] message, Carried carried, long receivedNs) {
    if (message.length < HEADER_BYTES || (int) INT.get(message, 0) != MAGIC) {
      return new NoRecord(receivedNs, "shorter than a header, or of another magic");
    }
    if (message[VERSION_AT] != VERSION) {
      return new NoRecord(
          receivedNs,
          "a record of version " + (message[VERSION_AT] & 0xff) + ", this codec reads " + VERSION);
    }
    int batch = (int) INT.get(message, BATCH_AT);
    int values = carried.values();
    long point = (long) carried.points().bytes() * values;
    long expected = HEADER_BYTES + point * Integer.toUnsignedLong(batch);
    String refusal = null;
    if (dtypeOf(message) != carried.points().ordinal()) {
      refusal =
          "it has values of the dtype with code " + dtypeOf(message) + "; the model takes "
              + carried.points();
    } else if ((int) INT.get(message, VALUES_AT) != values
        || message.length != expected
        || batch == 0) {
      refusal = shapeOf(message, batch, values);
    } else if (!isRequest(message)) {
      refusal = "no request: flags " + message[FLAGS_AT] + ", status " + message[STATUS_AT];
    }
    if (refusal == null && !Values.areValid(carried.points(), BinaryCodec.values(message))) {
      refusal = "it has a byte that is no bool";
    }
    return new BinaryRequest(message, batch, carried.predictions(), receivedNs, refusal);
  }

  private static int dtypeOf(byte[] message) {
    return (message[FLAGS_AT] & ~RESULT & 0xff) >> DTYPE_SHIFT;
  }

  private static boolean isRequest(byte[] message) {
    int segment = message[FLAGS_AT] & SEGMENT;
    return (segment == 1 || segment == 2 || segment == 4)
        && (message[FLAGS_AT] & RESULT) == 0
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
  public ByteBuffer points() {
    return BinaryCodec.values(message);
  }

  @Override
  public byte[] scored(ByteBuffer output, int waitedUs) {
    int size = output.remaining();
    byte[] result = new byte[HEADER_BYTES + size];
    System.arraycopy(message, 0, result, 0, HEADER_BYTES);
    result[FLAGS_AT] = flags(predictions.ordinal());
    result[STATUS_AT] = (byte) Status.OK.ordinal();
    LONG.set(result, RECEIVED_AT, receivedNs);
    INT.set(result, OUTPUTS_AT, size / predictions.bytes() / batch);
    INT.set(result, WAITED_AT, waitedUs);
    output.get(output.position(), result, HEADER_BYTES, size);
    LONG.set(result, SCORED_AT, RecordScorer.now());
    return result;
  }

  @Override
  public byte[] failed(Reason reason, int waitedUs) {
    byte[] result = Arrays.copyOf(message, HEADER_BYTES);
    result[FLAGS_AT] = flags(0);
    result[STATUS_AT] = (byte) Status.FAILED.ordinal();
    result[REASON_AT] = (byte) reason.ordinal();
    LONG.set(result, RECEIVED_AT, receivedNs);
    LONG.set(result, SCORED_AT, RecordScorer.now());
    INT.set(result, OUTPUTS_AT, 0);
    INT.set(result, WAITED_AT, waitedUs);
    return result;
  }

  /** Of its result, with values of the type of this code. */
  private byte flags(int dtype) {
    return (byte) (message[FLAGS_AT] & SEGMENT | dtype << DTYPE_SHIFT | RESULT);
  }
}
