package io.crayfish.tfpredict;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/**
 * What the server's environment says.
 *
 * @param model that it serves, beside {@code noop}, which has the same shapes
 * @param threads that score, each with a session of its own
 */
record Settings(RunConfig.Model model, int threads) {
  private static final String CONSTANTS = "CRAYFISH_MODEL_CONSTANTS";
  private static final String INPUT_DTYPE = "CRAYFISH_MODEL_INPUT_DTYPE";
  private static final String OUTPUT_DTYPE = "CRAYFISH_MODEL_OUTPUT_DTYPE";

  /**
   * Read them.
   *
   * @throws IllegalArgumentException naming the variable
   */
  static Settings of(Map<String, String> env) {
    String name = text(env, "CRAYFISH_MODEL_NAME");
    if (name.equals("noop")) {
      throw new IllegalArgumentException(
          "CRAYFISH_MODEL_NAME: noop is the model that does nothing; call yours otherwise");
    }
    RunConfig.Model model =
        new RunConfig.Model(
            name,
            "tf-savedmodel",
            text(env, "CRAYFISH_MODEL_PATH"),
            shape(env, "CRAYFISH_MODEL_INPUT"),
            shape(env, "CRAYFISH_MODEL_OUTPUT"),
            orNull(env, "CRAYFISH_MODEL_INPUT_NAME"),
            orNull(env, "CRAYFISH_MODEL_OUTPUT_NAME"),
            null,
            dtype(env, INPUT_DTYPE),
            dtype(env, OUTPUT_DTYPE),
            constants(env));
    return new Settings(model, positive("TOOL_THREADS", env.getOrDefault("TOOL_THREADS", "1")));
  }

  private static String text(Map<String, String> env, String name) {
    String value = env.getOrDefault(name, "");
    if (value.isBlank()) {
      throw new IllegalArgumentException(name + " is not set");
    }
    return value.strip();
  }

  private static String orNull(Map<String, String> env, String name) {
    String value = env.getOrDefault(name, "").strip();
    return value.isEmpty() ? null : value;
  }

  private static Map<String, RunConfig.Constant> constants(Map<String, String> env) {
    String text = orNull(env, CONSTANTS);
    try {
      return text == null ? Map.of() : RunConfig.constants(text);
    } catch (IOException notSo) {
      throw new IllegalArgumentException(CONSTANTS + ": " + notSo.getMessage(), notSo);
    }
  }

  private static Dtype dtype(Map<String, String> env, String name) {
    try {
      return Dtype.named(env.getOrDefault(name, Dtype.FLOAT32.word()).strip());
    } catch (IllegalArgumentException unknown) {
      throw new IllegalArgumentException(name + ": " + unknown.getMessage(), unknown);
    }
  }

  private static int[] shape(Map<String, String> env, String name) {
    return Arrays.stream(text(env, name).split(","))
        .mapToInt(size -> positive(name, size.strip()))
        .toArray();
  }

  private static int positive(String name, String text) {
    try {
      int value = Integer.parseInt(text);
      if (value > 0) {
        return value;
      }
    } catch (NumberFormatException noNumber) {
      // said below
    }
    throw new IllegalArgumentException(name + ": " + text + " is not a whole number above zero");
  }
}
