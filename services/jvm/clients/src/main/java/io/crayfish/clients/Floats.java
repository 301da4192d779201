package io.crayfish.clients;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.CallException;
import java.util.Arrays;
import java.util.List;

/** Checks predictions, and takes them out of messages. */
final class Floats {
  private Floats() {}

  /**
   * From little-endian bytes.
   *
   * @throws CallException if they are not batch * outputs float32
   */
  static float[] of(ByteString bytes, RunConfig.Model model, int batch) throws CallException {
    int expected = batch * model.outputs();
    if (bytes.size() != Float.BYTES * (long) expected) {
      throw bad(bytes.size() + " bytes of predictions", model, batch);
    }
    float[] values = new float[expected];
    bytes.asReadOnlyByteBuffer().order(LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  /**
   * From a list.
   *
   * @throws CallException if they are not batch * outputs
   */
  static float[] of(List<Float> list, RunConfig.Model model, int batch) throws CallException {
    int expected = batch * model.outputs();
    if (list.size() != expected) {
      throw bad(list.size() + " predicted values", model, batch);
    }
    float[] values = new float[expected];
    for (int i = 0; i < expected; i++) {
      values[i] = list.get(i);
    }
    return values;
  }

  /**
   * Compare what an answer says of its shape.
   *
   * @throws CallException if it is not that of batch predictions
   */
  static void check(String name, String type, long[] shape, RunConfig.Model model, int batch)
      throws CallException {
    long[] expected = model.outputShape(batch);
    if (!type.equals("float32") || !Arrays.equals(shape, expected)) {
      throw bad("output " + name + " is " + type + Arrays.toString(shape), model, batch);
    }
  }

  private static CallException bad(String what, RunConfig.Model model, int batch) {
    return new CallException(
        Reason.BAD_OUTPUT,
        what + ", not float32" + Arrays.toString(model.outputShape(batch)));
  }
}
