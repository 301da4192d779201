package io.crayfish.scoring;

import static io.crayfish.contract.BinaryCodec.BATCH_AT;
import static io.crayfish.contract.BinaryCodec.FLAGS_AT;
import static io.crayfish.contract.BinaryCodec.HEADER_BYTES;
import static io.crayfish.contract.BinaryCodec.ID_AT;
import static io.crayfish.contract.BinaryCodec.INT;
import static io.crayfish.contract.BinaryCodec.LONG;
import static io.crayfish.contract.BinaryCodec.MAGIC;
import static io.crayfish.contract.BinaryCodec.OUTPUTS_AT;
import static io.crayfish.contract.BinaryCodec.RECEIVED_AT;
import static io.crayfish.contract.BinaryCodec.RESULT;
import static io.crayfish.contract.BinaryCodec.SCORED_AT;
import static io.crayfish.contract.BinaryCodec.STATUS_AT;
import static io.crayfish.contract.BinaryCodec.VALUES_AT;
import static io.crayfish.contract.BinaryCodec.VERSION;
import static io.crayfish.contract.BinaryCodec.VERSION_AT;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.crayfish.contract.Codec;
import io.crayfish.contract.CodecException;
import io.crayfish.contract.JsonLog;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * From a request message to a result message: the loop body of every processor on the JVM. It never
 * throws and never drops; it belongs to one thread. The first record that it cannot score is logged
 * with the reason: what comes out of it says only that it failed.
 */
public final class RecordScorer implements AutoCloseable {
  private static final JsonLog LOG = new JsonLog("scorer");

  private final Scorer scorer;
  private final int values;
  private final Codec codec;
  private final boolean binary;
  private final Consumer<String> warn;
  private boolean told;

  /**
   * Around a loaded scorer.
   *
   * @param values float32 values of one point
   * @param format how requests are read and results written: binary or json
   */
  public RecordScorer(Scorer scorer, int values, String format) {
    this(scorer, values, format, LOG::warning);
  }

  RecordScorer(Scorer scorer, int values, String format, Consumer<String> warn) {
    this.warn = warn;
    this.scorer = scorer;
    this.values = values;
    this.codec = Codec.of(format);
    this.binary = format.equals("binary");
  }

  /**
   * With the tool and the model of a run.
   *
   * @throws ScorerException if they cannot be used
   */
  public static RecordScorer open(RunConfig config) throws ScorerException {
    Scorer scorer = Tools.open(config.tool(), config.model());
    return new RecordScorer(scorer, config.model().values(), config.format());
  }

  /**
   * With the tool and the model of a run config's text.
   *
   * @throws ScorerException if they cannot be used, or the text is no run config
   */
  public static RecordScorer open(String runConfigJson) throws ScorerException {
    try {
      return open(RunConfig.parse(runConfigJson));
    } catch (IOException error) {
      throw new ScorerException(error.getMessage(), error);
    }
  }

  /** Unix time in nanoseconds. */
  public static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  /**
   * One message to one message.
   *
   * @param message null is a Kafka message without a value: no record
   */
  public byte[] process(byte[] message) {
    if (message == null) {
      return malformed("it has no value");
    }
    return binary ? patched(message) : translated(message);
  }

  /** The fast path: the request's header is copied and patched, its values are read in place. */
  private byte[] patched(byte[] message) {
    long received = now();
    if (message.length < HEADER_BYTES
        || (int) INT.get(message, 0) != MAGIC
        || message[VERSION_AT] != VERSION) {
      return malformed("shorter than a header, or of another magic or version");
    }
    int batch = (int) INT.get(message, BATCH_AT);
    long expected = HEADER_BYTES + 4L * values * Integer.toUnsignedLong(batch);
    if ((int) INT.get(message, VALUES_AT) != values || message.length != expected || batch == 0) {
      return failed(message, received, shapeOf(message, batch));
    }
    if (!isRequest(message)) {
      return failed(
          message,
          received,
          "no request: flags " + message[FLAGS_AT] + ", status " + message[STATUS_AT]);
    }
    float[] output;
    try {
      output =
          scorer.score(
              ByteBuffer.wrap(message, HEADER_BYTES, message.length - HEADER_BYTES)
                  .slice()
                  .order(LITTLE_ENDIAN)
                  .asFloatBuffer(),
              batch);
    } catch (Exception whateverAModelThrows) {
      return failed(message, received, whateverAModelThrows);
    }
    byte[] result = new byte[HEADER_BYTES + 4 * output.length];
    System.arraycopy(message, 0, result, 0, HEADER_BYTES);
    result[FLAGS_AT] |= (byte) RESULT;
    result[STATUS_AT] = (byte) Status.OK.ordinal();
    LONG.set(result, RECEIVED_AT, received);
    INT.set(result, OUTPUTS_AT, output.length / batch);
    for (int i = 0; i < output.length; i++) {
      INT.set(result, HEADER_BYTES + 4 * i, Float.floatToRawIntBits(output[i]));
    }
    LONG.set(result, SCORED_AT, now());
    return result;
  }

  private static boolean isRequest(byte[] message) {
    int flags = message[FLAGS_AT];
    return (flags == 1 || flags == 2 || flags == 4)
        && message[STATUS_AT] == 0
        && (int) INT.get(message, OUTPUTS_AT) == 0;
  }

  private String shapeOf(byte[] message, int batch) {
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

  private void tell(String what, Object reason) {
    if (!told) {
      told = true;
      warn.accept(what + " could not be scored (others are not logged): " + reason);
    }
  }

  private byte[] malformed(Object reason) {
    tell("a message that is no record", reason);
    return withoutId();
  }

  private byte[] failed(byte[] message, long received, Object reason) {
    tell("record " + Long.toUnsignedString((long) LONG.get(message, ID_AT)), reason);
    byte[] result = Arrays.copyOf(message, HEADER_BYTES);
    result[FLAGS_AT] |= (byte) RESULT;
    result[STATUS_AT] = (byte) Status.FAILED.ordinal();
    LONG.set(result, RECEIVED_AT, received);
    LONG.set(result, SCORED_AT, now());
    INT.set(result, OUTPUTS_AT, 0);
    return result;
  }

  /** Stands for a message whose id cannot be read: no segment, so the consumer counts it apart. */
  private static byte[] withoutId() {
    byte[] result = new byte[HEADER_BYTES];
    INT.set(result, 0, MAGIC);
    result[VERSION_AT] = VERSION;
    result[FLAGS_AT] = (byte) RESULT;
    result[STATUS_AT] = (byte) Status.FAILED.ordinal();
    return result;
  }

  /** Any format, through its codec. */
  private byte[] translated(byte[] message) {
    long received = now();
    Codec.Decoded record;
    try {
      record = codec.decode(message);
    } catch (CodecException error) {
      return malformed(error);
    }
    RecordHeader header = record.header();
    Object reason;
    try {
      if (header.values() == values && !header.result() && header.batch() != 0) {
        float[] output = scorer.score(record.data(), header.batch());
        int outputs = output.length / header.batch();
        return codec.encode(header.scored(received, now(), outputs), output);
      }
      reason =
          header.result()
              ? "no request: a result"
              : "it has " + header.batch() + " points of " + header.values()
                  + " values; the model takes " + values + " values";
    } catch (Exception whateverAModelThrows) { // a prediction that JSON cannot hold, too
      reason = whateverAModelThrows;
    }
    tell("record " + Long.toUnsignedString(header.id()), reason);
    try {
      return codec.encode(header.failed(received, now()), new float[0]);
    } catch (CodecException bug) {
      throw new IllegalStateException(bug);
    }
  }

  @Override
  public void close() {
    scorer.close();
  }
}
