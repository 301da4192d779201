package io.crayfish.scoring;

import io.crayfish.contract.CodecException;
import io.crayfish.contract.Reason;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** A request that has been read and checked, and what its result is made from. */
interface Begun {
  /** Unix ns when it was received. */
  long receivedNs();

  /** Why it is not to be scored; null: it is. */
  String refusal();

  /** For the log. */
  String name();

  /** How many points. */
  int batch();

  /** Its points. */
  FloatBuffer points();

  /** Its points as little-endian bytes, where they lie like that in the message; else null. */
  default ByteBuffer bytes() {
    return null;
  }

  /**
   * The result with predictions.
   *
   * @param waitedUs microseconds until its call was handed to the network
   * @throws CodecException if the format cannot hold a value
   */
  byte[] scored(float[] output, int waitedUs) throws CodecException;

  /** The result without. */
  byte[] failed(Reason reason, int waitedUs);

  /** Reads a request of one format. */
  interface Reader {
    /**
     * Read it, or say why it is none.
     *
     * @param values float32 values of one point, that the model takes
     */
    Begun begin(byte[] message, int values, long receivedNs);
  }

  /** Of a run config's {@code format}. */
  static Reader reader(String format) {
    return switch (format) {
      case "binary" -> BinaryRequest::begin;
      case "json" -> JsonRequest::begin;
      default -> throw new IllegalArgumentException("format " + format + " is unknown");
    };
  }
}
