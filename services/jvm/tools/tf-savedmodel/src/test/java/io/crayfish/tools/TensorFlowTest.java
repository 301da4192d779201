package io.crayfish.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

final class TensorFlowTest extends ScorerContract {
  private static final Path VECTORS =
      Path.of(System.getProperty("crayfish.root")).resolve("tests/contract/vectors");

  @Override
  protected String tool() {
    return "tf-savedmodel";
  }

  @Override
  protected String file() {
    return "savedmodel";
  }

  private static Scorer open(
      String name, Dtype points, Dtype predictions, Map<String, RunConfig.Constant> constants)
      throws Exception {
    RunConfig.Model model =
        new RunConfig.Model(
            name, "tf-savedmodel", VECTORS.resolve(name).toString(), new int[] {2}, new int[] {2},
            null, null, null, points, predictions, constants);
    return Tools.open(new RunConfig.Tool("tf-savedmodel", Map.of(), null), model);
  }

  @Test
  void bytesBecomeWholeNumbers() throws Exception {
    try (Scorer scorer = open("casts-uint8", Dtype.UINT8, Dtype.INT64, Map.of())) {
      ByteBuffer points = Values.wrap(new byte[] {0, (byte) 255, 7, (byte) 128});
      ByteBuffer expected =
          Values.allocate(32).putLong(0).putLong(255).putLong(7).putLong(128).flip();
      assertEquals(expected, scorer.score(points, 2));
    }
    ScorerException error =
        assertThrows(
            ScorerException.class,
            () -> open("casts-uint8", Dtype.FLOAT32, Dtype.INT64, Map.of()));
    assertTrue(error.getMessage().contains("is of uint8"), error.getMessage());
  }

  @Test
  void doublePrecisionIsKept() throws Exception {
    RunConfig.Constant factor =
        new RunConfig.Constant(Dtype.FLOAT64, new long[] {}, List.of(1 / 3.0));
    try (Scorer scorer =
        open("scales-float64", Dtype.FLOAT64, Dtype.FLOAT64, Map.of("factor", factor))) {
      ByteBuffer points = Values.allocate(16).putDouble(0.1).putDouble(-1e300).flip();
      ByteBuffer expected =
          Values.allocate(16).putDouble(0.1 * (1 / 3.0)).putDouble(-1e300 * (1 / 3.0)).flip();
      assertEquals(expected, scorer.score(points, 1));
    }
  }
}
