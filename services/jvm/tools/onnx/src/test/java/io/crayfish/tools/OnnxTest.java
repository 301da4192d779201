package io.crayfish.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.ScorerContract;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import java.nio.file.Path;
import java.util.Map;
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
    Path path =
        Path.of(
            System.getProperty("crayfish.root"),
            "tests/contract/vectors/answers-" + dtype + ".onnx");
    RunConfig.Model model =
        new RunConfig.Model("cast", "onnx", path.toString(), new int[] {2}, new int[] {2});
    ScorerException error =
        assertThrows(
            ScorerException.class,
            () -> Tools.open(new RunConfig.Tool("onnx", Map.of(), null), model));
    assertEquals(
        path + ": tensor answer is of type " + said
            + ", records carry float32: cast it in the model",
        error.getMessage());
  }
}
