package io.crayfish.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerContract;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OnnxTest extends ScorerContract {
  @Override
  protected String tool() {
    return "onnx";
  }

  @Override
  protected String file() {
    return "ffnn.onnx";
  }

  @ParameterizedTest
  @CsvSource({"float64,double", "float16,float16", "int32,int32"})
  void aModelOfAnotherDtypeIsRefused(String dtype, String said) {
    String name = "answers-" + dtype + ".onnx";
    assertEquals(
        path(name) + ": tensor answer is of type " + said
            + ", records carry float32: cast it in the model",
        refused(model(name, null, null, 1)));
  }

  @Test
  void theNamedOutputIsScored() throws Exception {
    float[] points = {1, 2, 3, 4};
    for (String output : List.of("answer", "other")) {
      try (Scorer scorer = open(model("two-answers.onnx", "points", output, 2))) {
        float sign = output.equals("answer") ? 1 : -1;
        assertArrayEquals(
            new float[] {sign, sign * 2, sign * 3, sign * 4},
            scorer.score(FloatBuffer.wrap(points), 2));
      }
    }
  }

  @Test
  void aNameThatIsNotThereIsAnErrorWithThoseThereAre() {
    String path = path("two-answers.onnx");
    assertEquals(
        path + ": has no output 'none'; it has other float[-1, 2], answer float[-1, 2]",
        refused(model("two-answers.onnx", "points", "none", 1)));
    assertEquals(
        path + ": has no input 'x'; it has points float[-1, 2]",
        refused(model("two-answers.onnx", "x", "answer", 1)));
    assertEquals(
        path + ": has 2 outputs (other float[-1, 2], answer float[-1, 2]): name the one that is"
            + " scored, formats.onnx.output in the model's config",
        refused(model("two-answers.onnx", null, null, 1)));
  }

  @Test
  void aFixedBatchTakesThatManyPoints() throws Exception {
    try (Scorer scorer = open(model("one-point.onnx", null, null, 1))) {
      assertArrayEquals(new float[] {1, 2}, scorer.score(FloatBuffer.wrap(new float[] {1, 2}), 1));
    }
    open(model("one-point.onnx", null, null, null)).close();
    assertEquals(
        path("one-point.onnx") + ": takes 1 point per call (dimension 0 of points is 1), the"
            + " workload sends 8: export it with a dynamic batch dimension, or --batch 1",
        refused(model("one-point.onnx", null, null, 8)));
  }

  private static String path(String file) {
    return Path.of(System.getProperty("crayfish.root"), "tests/contract/vectors", file).toString();
  }

  private static RunConfig.Model model(String file, String input, String output, Integer batch) {
    return new RunConfig.Model(
        "m", "onnx", path(file), new int[] {2}, new int[] {2}, input, output, batch);
  }

  private static Scorer open(RunConfig.Model model) throws ScorerException {
    return Tools.open(new RunConfig.Tool("onnx", Map.of(), null), model);
  }

  private static String refused(RunConfig.Model model) {
    return assertThrows(ScorerException.class, () -> open(model)).getMessage();
  }
}
