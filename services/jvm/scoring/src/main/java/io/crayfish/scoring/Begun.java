package io.crayfish.scoring;

import io.crayfish.contract.CodecException;
import io.crayfish.contract.Reason;
import java.nio.ByteBuffer;

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

  /** Its points, little-endian; where they lie in the message, if they lie there like that. */
  ByteBuffer points();

  /**
   * The result with predictions.
   *
   * @param output of the model's output dtype, little-endian
   * @param waitedUs microseconds until its call was handed to the network
   * @throws CodecException if the format cannot hold a value
   */
  byte[] scored(ByteBuffer output, int waitedUs) throws CodecException;

  /** The result without. */
  byte[] failed(Reason reason, int waitedUs);

  /** Reads a request of one format. */
  interface Reader {
    /**
     * Read it, or say why it is none.
     *
     * @param carried what the model takes and gives
     */
    Begun begin(byte[] message, Carried carried, long receivedNs);
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
