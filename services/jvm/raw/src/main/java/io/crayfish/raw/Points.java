package io.crayfish.raw;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.Npy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

/**
 * The points that are scored, and what is known of them.
 *
 * @param values count * values of the model's input dtype
 * @param count how many points
 * @param reference count * outputs of its output dtype, or null
 * @param labels the class of each point, or null
 */
record Points(ByteBuffer values, int count, ByteBuffer reference, long[] labels) {

  /**
   * Those of a run.
   *
   * @throws IOException naming the file that cannot be used
   */
  static Points load(RunConfig config) throws IOException {
    RunConfig.Points points = config.workload().points();
    int size = config.model().values();
    Dtype dtype = config.model().inputDtype();
    if (points.kind().equals("random")) { // other numbers than Python's, which nobody checks
      Random random = new Random(points.seed());
      ByteBuffer values = Values.allocate(config.model().inputBytes(points.count()));
      while (values.hasRemaining()) {
        Values.put(dtype, values, any(random, dtype));
      }
      return new Points(values.flip(), points.count(), null, null);
    }
    boolean archive = points.path().endsWith(".npz");
    Path path = Path.of(points.path());
    Map<String, Npy> arrays = archive ? Npy.readAll(path) : Map.of("points", Npy.read(path));
    if (!arrays.containsKey("points")) {
      throw new IOException(path + ": has no array `points`");
    }
    ByteBuffer values = values(path, arrays.get("points"), dtype);
    if (values.remaining() != config.model().inputBytes(points.count())) {
      throw new IOException(
          path + ": " + values.remaining() / dtype.bytes() + " values, the run config says "
              + points.count() + " points of " + size);
    }
    if (points.referencePath() == null) {
      return new Points(values, points.count(), null, null);
    }
    Path answers = Path.of(points.referencePath());
    ByteBuffer reference = values(answers, Npy.read(answers), config.model().outputDtype());
    if (reference.remaining() != config.model().outputBytes(points.count())) {
      throw new IOException(
          answers + ": " + reference.remaining() / config.model().outputDtype().bytes()
              + " values, not those of " + points.count() + " predictions");
    }
    Npy labels = arrays.get("labels");
    return new Points(values, points.count(), reference, labels == null ? null : labels.longs());
  }

  private static ByteBuffer values(Path path, Npy array, Dtype dtype) throws IOException {
    try {
      return array.values(dtype);
    } catch (IOException other) {
      throw new IOException(path + ": " + other.getMessage(), other);
    }
  }

  /** As Python's: below 1, of whole numbers as many as an image or a text has. */
  private static Number any(Random random, Dtype dtype) {
    return switch (dtype) {
      case FLOAT64 -> random.nextDouble();
      case FLOAT32, FLOAT16 -> random.nextFloat();
      case INT64, INT32 -> random.nextInt(128);
      case UINT8 -> random.nextInt(256);
      case BOOL -> random.nextInt(2);
    };
  }

  /** Which point stands at a place of a record; see {@code point_indices} of the contract. */
  int index(long id, int pool, int batch, int place) {
    return (int) ((Long.remainderUnsigned(id, pool) * batch + place) % count);
  }
}
