package io.crayfish.raw;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Npy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

/**
 * The points that are scored, and what is known of them.
 *
 * @param values count * values float32
 * @param count how many points
 * @param reference count * outputs float32, or null
 * @param labels the class of each point, or null
 */
record Points(float[] values, int count, float[] reference, long[] labels) {

  /**
   * Those of a run.
   *
   * @throws IOException naming the file that cannot be used
   */
  static Points load(RunConfig config) throws IOException {
    RunConfig.Points points = config.workload().points();
    int size = config.model().values();
    if (points.kind().equals("random")) { // other numbers than Python's, which nobody checks
      Random random = new Random(points.seed());
      float[] values = new float[points.count() * size];
      for (int i = 0; i < values.length; i++) {
        values[i] = random.nextFloat();
      }
      return new Points(values, points.count(), null, null);
    }
    boolean archive = points.path().endsWith(".npz");
    Path path = Path.of(points.path());
    Map<String, Npy> arrays = archive ? Npy.readAll(path) : Map.of("points", Npy.read(path));
    if (!arrays.containsKey("points")) {
      throw new IOException(path + ": has no array `points`");
    }
    float[] values = arrays.get("points").floats();
    if (values.length != (long) points.count() * size) {
      throw new IOException(
          path + ": " + values.length + " values, the run config says " + points.count()
              + " points of " + size);
    }
    if (points.referencePath() == null) {
      return new Points(values, points.count(), null, null);
    }
    float[] reference = Npy.read(Path.of(points.referencePath())).floats();
    if (reference.length != points.count() * config.model().outputs()) {
      throw new IOException(
          points.referencePath() + ": " + reference.length + " values, not those of "
              + points.count() + " predictions");
    }
    Npy labels = arrays.get("labels");
    return new Points(values, points.count(), reference, labels == null ? null : labels.longs());
  }

  /** Which point stands at a place of a record; see {@code point_indices} of the contract. */
  int index(long id, int pool, int batch, int place) {
    return (int) ((Long.remainderUnsigned(id, pool) * batch + place) % count);
  }
}
