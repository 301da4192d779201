package io.crayfish.clients;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.CallException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Checks predictions, and takes them out of messages. */
final class Answer {
  private Answer() {}

  /**
   * From little-endian bytes, in place where they lie in one piece.
   *
   * @throws CallException if they are not batch * outputs of the model's output dtype
   */
  static ByteBuffer of(ByteString bytes, RunConfig.Model model, int batch) throws CallException {
    if (bytes.size() != model.outputBytes(batch)) {
      throw bad(bytes.size() + " bytes of predictions", model, batch);
    }
    ByteBuffer values = bytes.asReadOnlyByteBuffer().order(LITTLE_ENDIAN);
    if (!Values.areValid(model.outputDtype(), values)) {
      throw bad("a predicted byte is neither 0 nor 1", model, batch);
    }
    return values;
  }

  /**
   * From a list.
   *
   * @throws CallException if they are not batch * outputs
   */
  static ByteBuffer of(List<? extends Number> list, RunConfig.Model model, int batch)
      throws CallException {
    if (list.size() != batch * model.outputs()) {
      throw bad(list.size() + " predicted values", model, batch);
    }
    ByteBuffer values = Values.allocate(model.outputBytes(batch));
    for (Number value : list) {
      Values.put(model.outputDtype(), values, value);
    }
    return values.flip();
  }

  /** Those of a list of bools. */
  static List<Integer> numbers(List<Boolean> list) {
    return list.stream().map(value -> value ? 1 : 0).toList();
  }

  /**
   * Compare what an answer says of its shape.
   *
   * @param type the model's own word for it, or the server's, if there is none
   * @throws CallException if it is not that of batch predictions
   */
  static void check(String name, String type, long[] shape, RunConfig.Model model, int batch)
      throws CallException {
    long[] expected = model.outputShape(batch);
    if (!type.equals(model.outputDtype().word()) || !Arrays.equals(shape, expected)) {
      throw bad("output " + name + " is " + type + Arrays.toString(shape), model, batch);
    }
  }

  private static CallException bad(String what, RunConfig.Model model, int batch) {
    return new CallException(
        Reason.BAD_OUTPUT,
        what + ", not " + model.outputDtype() + Arrays.toString(model.outputShape(batch)));
  }
}
