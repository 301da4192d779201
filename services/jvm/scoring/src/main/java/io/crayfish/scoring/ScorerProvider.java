package io.crayfish.scoring;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import java.nio.file.Path;
import java.util.Map;

/** Makes the scorers of one tool; named in META-INF/services of the tool's jar. */
public interface ScorerProvider {
  /** The tool's name, as in configs/tools. */
  String tool();

  /**
   * A scorer, not yet loaded.
   *
   * @param model what it will load
   * @param options of the run config; a provider takes out those that it knows
   * @param folder of the tool, with its native libraries in {@code native/}
   * @throws ScorerException if an option has no usable value
   */
  Scorer create(RunConfig.Model model, Map<String, Object> options, Path folder)
      throws ScorerException;

  /**
   * Of a tool that has one type of values.
   *
   * @throws ScorerException if the model takes or gives another
   */
  static void onlyFloat32(String tool, RunConfig.Model model) throws ScorerException {
    if (model.inputDtype() != Dtype.FLOAT32 || model.outputDtype() != Dtype.FLOAT32) {
      throw new ScorerException(
          "tool " + tool + ": takes and gives float32; model " + model.name() + " takes "
              + model.inputDtype() + " and gives " + model.outputDtype());
    }
  }

  /**
   * Take the number of threads out of the options.
   *
   * @throws ScorerException if it is not a whole number above zero
   */
  static int threads(String tool, Map<String, Object> options) throws ScorerException {
    Object value = options.remove("threads");
    if (value == null) {
      return 1;
    }
    if (value instanceof Integer number && number > 0) {
      return number;
    }
    throw new ScorerException(
        "tool " + tool + ": option threads: " + value + " is not a number of threads");
  }
}
