package io.crayfish.tools;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerContract;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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
  @ValueSource(strings = {"float64", "float16", "int64", "int32", "uint8", "bool"})
  void aModelOfAnotherDtypeIsRefused(String dtype) {
    String name = "answers-" + dtype + ".onnx";
    assertEquals(
        path(name) + ": tensor answer is of " + dtype + ", the model's config says float32",
        refused(model(name, null, null, 1)));
  }

  @ParameterizedTest
  @EnumSource(names = "FLOAT32", mode = EnumSource.Mode.EXCLUDE)
  void valuesOfEveryDtypeGoThrough(Dtype dtype) throws Exception {
    ByteBuffer points = Values.allocate(4 * dtype.bytes());
    for (int value : new int[] {0, 1, 1, 0}) {
      Values.put(dtype, points, value);
    }
    points.flip();
    RunConfig.Model model = model("takes-" + dtype + ".onnx", null, null, 2).of(dtype, dtype);
    try (Scorer scorer = open(model)) {
      assertEquals(points, scorer.score(Values.again(points), 2));
      ByteBuffer first = points.slice(0, points.limit() / 2).order(LITTLE_ENDIAN);
      assertEquals(first, scorer.score(Values.again(first), 1));
    }
  }

  @ParameterizedTest
  @EnumSource(names = "FLOAT32", mode = EnumSource.Mode.EXCLUDE)
  void predictionsMayBeOfAnotherDtypeThanPoints(Dtype dtype) throws Exception {
    RunConfig.Model model = model("answers-" + dtype + ".onnx", null, null, 1);
    try (Scorer scorer = open(model.of(Dtype.FLOAT32, dtype))) {
      ByteBuffer answer = scorer.score(Values.of(1, 0), 1);
      assertEquals(2 * dtype.bytes(), answer.remaining());
      assertEquals(1, Values.get(dtype, answer, 0));
      assertEquals(0, Values.get(dtype, answer, 1));
    }
  }

  private static RunConfig.Model adds(Map<String, RunConfig.Constant> constants, String input) {
    return new RunConfig.Model(
        "m", "onnx", path("adds-constant.onnx"), new int[] {2}, new int[] {2}, input, null, null,
        Dtype.INT32, Dtype.FLOAT32, constants);
  }

  private static final RunConfig.Constant OFFSET =
      new RunConfig.Constant(Dtype.INT32, new long[] {1, 2}, List.of(10, -20));
  private static final RunConfig.Constant SCALE =
      new RunConfig.Constant(Dtype.FLOAT32, new long[] {}, List.of(0.5));

  @Test
  void furtherInputsAreFedWithConstants() throws Exception {
    ByteBuffer points = Values.allocate(16).putInt(2).putInt(4).putInt(6).putInt(8).flip();
    for (String input : new String[] {null, "points"}) {
      try (Scorer scorer = open(adds(Map.of("offset", OFFSET, "scale", SCALE), input))) {
        assertEquals(Values.of(6, -8, 8, -6), scorer.score(Values.again(points), 2));
        assertEquals(Values.of(6, -8), scorer.score(Values.again(points).limit(8), 1));
      }
    }
  }

  @Test
  void constantsThatDoNotFitAreNamed() {
    String path = path("adds-constant.onnx");
    String inputs = "points int32[-1, 2], offset int32[1, 2], scale float32[]";
    assertEquals(
        path + ": has 3 inputs (" + inputs + "), and records carry the points of one:"
            + " formats.onnx.constants in the model's config gives the others a value",
        refused(adds(Map.of("offset", OFFSET), null)));
    assertEquals(
        path + ": has no further input 'x'; it has " + inputs,
        refused(adds(Map.of("offset", OFFSET, "x", SCALE), null)));
    assertEquals(
        path + ": has no further input 'points'; it has " + inputs,
        refused(adds(Map.of("points", OFFSET, "scale", SCALE), "points")));
    RunConfig.Constant other = new RunConfig.Constant(Dtype.INT64, new long[] {1, 2}, List.of(1, 2));
    assertEquals(
        path + ": tensor offset is of int32, the model's config says int64",
        refused(adds(Map.of("offset", other, "scale", SCALE), null)));
    RunConfig.Constant flat = new RunConfig.Constant(Dtype.INT32, new long[] {2}, List.of(1, 2));
    assertEquals(
        path + ": tensor offset has shape [1, 2], the model's config says [2]",
        refused(adds(Map.of("offset", flat, "scale", SCALE), null)));
  }

  @Test
  void theNamedOutputIsScored() throws Exception {
    float[] points = {1, 2, 3, 4};
    for (String output : List.of("answer", "other")) {
      try (Scorer scorer = open(model("two-answers.onnx", "points", output, 2))) {
        float sign = output.equals("answer") ? 1 : -1;
        assertArrayEquals(
            new float[] {sign, sign * 2, sign * 3, sign * 4},
            Values.floats(scorer.score(Values.of(points), 2)));
      }
    }
  }

  @Test
  void aNameThatIsNotThereIsAnErrorWithThoseThereAre() {
    String path = path("two-answers.onnx");
    assertEquals(
        path + ": has no output 'none'; it has other float32[-1, 2], answer float32[-1, 2]",
        refused(model("two-answers.onnx", "points", "none", 1)));
    assertEquals(
        path + ": has no input 'x'; it has points float32[-1, 2]",
        refused(model("two-answers.onnx", "x", "answer", 1)));
    assertEquals(
        path + ": has 2 outputs (other float32[-1, 2], answer float32[-1, 2]): name the one that is"
            + " scored, formats.onnx.output in the model's config",
        refused(model("two-answers.onnx", null, null, 1)));
  }

  @Test
  void aFixedBatchTakesThatManyPoints() throws Exception {
    try (Scorer scorer = open(model("one-point.onnx", null, null, 1))) {
      assertArrayEquals(new float[] {1, 2}, Values.floats(scorer.score(Values.of(1, 2), 1)));
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
        "m", "onnx", path(file), new int[] {2}, new int[] {2}, input, output, batch, null, null,
        null);
  }

  private static Scorer open(RunConfig.Model model) throws ScorerException {
    return Tools.open(new RunConfig.Tool("onnx", Map.of(), null), model);
  }

  private static String refused(RunConfig.Model model) {
    return assertThrows(ScorerException.class, () -> open(model)).getMessage();
  }
}
