package io.crayfish.scoring;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds for every scorer that reads the small model. */
public abstract class ScorerContract {
  private static final Path ROOT = Path.of(System.getProperty("crayfish.root"));
  private static final float TOLERANCE = 1e-5f;
  private static final int VALUES = 784;
  private static final int OUTPUTS = 10;

  /** The tool's name. */
  protected abstract String tool();

  /** The model's file for it, below models/ffnn. */
  protected abstract String file();

  private static RunConfig.Model model(Path path) {
    return new RunConfig.Model(
        "ffnn", "any", path.toString(), new int[] {28, 28}, new int[] {OUTPUTS});
  }

  private Scorer open(Path path) throws ScorerException {
    return Tools.open(new RunConfig.Tool(tool(), Map.of(), null), model(path));
  }

  @Test
  void predictionsAreTheReferenceForBatchesOfOneAndOfMany() throws Exception {
    ByteBuffer points =
        Npy.readAll(ROOT.resolve("models/ffnn/test-points.npz"))
            .get("points")
            .values(Dtype.FLOAT32);
    float[] reference = Npy.read(ROOT.resolve("models/ffnn/reference.npy")).floats();
    try (Scorer scorer = open(ROOT.resolve("models/ffnn").resolve(file()))) {
      for (int batch : new int[] {1, 32, 7, 1}) {
        for (int first = 0; first + batch <= 64; first += batch) {
          ByteBuffer input =
              points.slice(4 * first * VALUES, 4 * batch * VALUES).order(LITTLE_ENDIAN);
          float[] output = Values.floats(scorer.score(input, batch));
          float[] expected =
              Arrays.copyOfRange(reference, first * OUTPUTS, (first + batch) * OUTPUTS);
          assertArrayEquals(expected, output, TOLERANCE);
        }
      }
    }
  }

  @Test
  void twoScorersDoNotDisturbEachOther() throws Exception {
    Path path = ROOT.resolve("models/ffnn").resolve(file());
    try (Scorer first = open(path);
        Scorer second = open(path)) {
      ByteBuffer blank = first.score(Values.allocate(4 * VALUES), 1);
      float[] ink = new float[VALUES];
      Arrays.fill(ink, 1f);
      second.score(Values.of(ink), 1);
      assertEquals(blank, first.score(Values.allocate(4 * VALUES), 1));
    }
  }

  @Test
  void aBrokenFileIsNamed(@TempDir Path folder) throws Exception {
    Path broken = Files.writeString(folder.resolve("broken"), "not a model");
    ScorerException error = assertThrows(ScorerException.class, () -> open(broken));
    assertTrue(error.getMessage().contains(broken.toString()), error.getMessage());
  }

  @Test
  void anUnknownOptionIsRefused() {
    Path path = ROOT.resolve("models/ffnn").resolve(file());
    RunConfig.Tool typo = new RunConfig.Tool(tool(), Map.of("thread", 2), null);
    ScorerException error =
        assertThrows(ScorerException.class, () -> Tools.open(typo, model(path)));
    assertEquals("tool " + tool() + ": unknown option [thread]", error.getMessage());
  }
}
