package io.crayfish.raw;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.Scorer;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One call after the other; the clock is read once between two calls. */
final class Loop {
  /** Calls between two looks at the clock for the end of the warm-up. */
  private static final int BLOCK = 64;

  private final Scorer scorer;
  private final FloatBuffer[] batches;
  private final int batch;

  Loop(Scorer scorer, Points points, int batch, int pool) {
    this.scorer = scorer;
    this.batch = batch;
    this.batches = new FloatBuffer[pool];
    int size = points.values().length / points.count();
    for (int payload = 0; payload < pool; payload++) {
      // As a record's values lie in its message: in a byte array.
      FloatBuffer values =
          ByteBuffer.wrap(new byte[4 * batch * size]).order(LITTLE_ENDIAN).asFloatBuffer();
      for (int place = 0; place < batch; place++) {
        values.put(points.values(), points.index(payload, pool, batch, place) * size, size);
      }
      batches[payload] = values.flip();
    }
  }

  /**
   * What was measured.
   *
   * @param timesNs Unix ns before the first call and after each
   * @param outputs of each call
   * @param cpuNs of the whole process while they were made
   */
  record Calls(long[] timesNs, List<float[]> outputs, long cpuNs) {}

  /** Score without keeping anything. */
  void warmUp(double seconds) throws Exception {
    long end = System.nanoTime() + Math.round(seconds * 1e9);
    for (long position = 0; System.nanoTime() < end; ) {
      for (int i = 0; i < BLOCK; i++, position++) {
        scorer.score(batches[(int) (position % batches.length)].duplicate(), batch);
      }
    }
  }

  /** Score {@code count} batches, or fewer in {@code seconds} (null: no such limit). */
  Calls score(long count, Double seconds) throws Exception {
    long cpu = cpuNs();
    long[] times = new long[1024];
    List<float[]> outputs = new ArrayList<>();
    times[0] = RecordScorer.now();
    long limit = seconds == null ? Long.MAX_VALUE : times[0] + Math.round(seconds * 1e9);
    int calls = 0;
    while (calls < count && times[calls] < limit) {
      outputs.add(scorer.score(batches[calls % batches.length].duplicate(), batch));
      calls++;
      if (calls == times.length) {
        times = Arrays.copyOf(times, 2 * calls);
      }
      times[calls] = RecordScorer.now();
    }
    return new Calls(Arrays.copyOf(times, calls + 1), outputs, cpuNs() - cpu);
  }

  private static long cpuNs() {
    return ((com.sun.management.OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
