package io.crayfish.scoring;

import static io.crayfish.contract.BinaryCodec.BATCH_AT;
import static io.crayfish.contract.BinaryCodec.FLAGS_AT;
import static io.crayfish.contract.BinaryCodec.HEADER_BYTES;
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
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;

/**
 * From a request message to a result message: the loop body of every processor on the JVM. It never
 * throws and never drops; it belongs to one thread.
 */
public final class RecordScorer implements AutoCloseable {
  private final Scorer scorer;
  private final int values;
  private final Codec codec;
  private final boolean binary;

  /**
   * Around a loaded scorer.
   *
   * @param values float32 values of one point
   * @param format how requests are read and results written: binary or json
   */
  public RecordScorer(Scorer scorer, int values, String format) {
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

  /** One message to one message. */
  public byte[] process(byte[] message) {
    return binary ? patched(message) : translated(message);
  }

  /** The fast path: the request's header is copied and patched, its values are read in place. */
  private byte[] patched(byte[] message) {
    long received = now();
    if (message.length < HEADER_BYTES
        || (int) INT.get(message, 0) != MAGIC
        || message[VERSION_AT] != VERSION) {
      return withoutId();
    }
    int batch = (int) INT.get(message, BATCH_AT);
    long expected = HEADER_BYTES + 4L * values * Integer.toUnsignedLong(batch);
    if ((int) INT.get(message, VALUES_AT) != values || message.length != expected || batch == 0) {
      return failed(message, received);
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
      return failed(message, received);
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

  private static byte[] failed(byte[] message, long received) {
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
      return withoutId();
    }
    RecordHeader header = record.header();
    try {
      if (header.values() != values || header.result() || header.batch() == 0) {
        return codec.encode(header.failed(received, now()), new float[0]);
      }
      try {
        float[] output = scorer.score(record.data(), header.batch());
        int outputs = output.length / header.batch();
        return codec.encode(header.scored(received, now(), outputs), output);
      } catch (Exception whateverAModelThrows) { // a prediction that JSON cannot hold, too
        return codec.encode(header.failed(received, now()), new float[0]);
      }
    } catch (CodecException bug) {
      throw new IllegalStateException(bug);
    }
  }

  @Override
  public void close() {
    scorer.close();
  }
}
