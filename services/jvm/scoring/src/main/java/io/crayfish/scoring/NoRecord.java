package io.crayfish.scoring;

import static io.crayfish.contract.BinaryCodec.FLAGS_AT;
import static io.crayfish.contract.BinaryCodec.HEADER_BYTES;
import static io.crayfish.contract.BinaryCodec.INT;
import static io.crayfish.contract.BinaryCodec.MAGIC;
import static io.crayfish.contract.BinaryCodec.RESULT;
import static io.crayfish.contract.BinaryCodec.STATUS_AT;
import static io.crayfish.contract.BinaryCodec.VERSION;
import static io.crayfish.contract.BinaryCodec.VERSION_AT;

import io.crayfish.contract.Reason;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;

/** A message whose id cannot be read. */
record NoRecord(long receivedNs, String refusal) implements Begun {
  @Override
  public String name() {
    return "a message that is no record";
  }

  @Override
  public int batch() {
    return 0;
  }

  @Override
  public ByteBuffer points() {
    return Values.allocate(0);
  }

  @Override
  public byte[] scored(ByteBuffer output, int waitedUs) {
    throw new IllegalStateException(name());
  }

  /** Stands for it: no segment, so the consumer counts it apart. */
  @Override
  public byte[] failed(Reason reason, int waitedUs) {
    byte[] result = new byte[HEADER_BYTES];
    INT.set(result, 0, MAGIC);
    result[VERSION_AT] = VERSION;
    result[FLAGS_AT] = (byte) RESULT;
    result[STATUS_AT] = (byte) Status.FAILED.ordinal();
    return result;
  }
}
