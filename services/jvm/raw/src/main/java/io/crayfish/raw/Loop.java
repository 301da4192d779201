package io.crayfish.raw;

import io.crayfish.contract.Reason;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.Scorer;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One call after the other; the clock is read once between two calls. */
class Loop {
  protected final Batches batches;
  private final Scorer scorer;

  /** Why the last call failed. */
  private Reason failed = Reason.NONE;

  Loop(Scorer scorer, Batches batches) {
    this.scorer = scorer;
    this.batches = batches;
  }

  /** Score without keeping anything; one call may take seconds, so each looks at the clock. */
  void warmUp(double seconds) throws Exception {
    long end = System.nanoTime() + Math.round(seconds * 1e9);
    for (long position = 0; System.nanoTime() < end; position++) {
      call(position);
    }
  }

  /** Score {@code count} batches, or fewer in {@code seconds} (null: no such limit). */
  Calls score(long count, Double seconds) throws Exception {
    long cpu = cpuNs();
    long[] times = new long[1024];
    List<ByteBuffer> outputs = new ArrayList<>();
    List<Reason> reasons = new ArrayList<>();
    times[0] = RecordScorer.now();
    long limit = seconds == null ? Long.MAX_VALUE : times[0] + Math.round(seconds * 1e9);
    int calls = 0;
    while (calls < count && times[calls] < limit) {
      outputs.add(call(calls));
      reasons.add(failed);
      calls++;
      if (calls == times.length) {
        times = Arrays.copyOf(times, 2 * calls);
      }
      times[calls] = RecordScorer.now();
    }
    return new Calls(
        Arrays.copyOf(times, calls),
        Arrays.copyOfRange(times, 1, calls + 1),
        outputs,
        reasons,
        cpuNs() - cpu);
  }

  /** One call's predictions; null: the server brought none. */
  private ByteBuffer call(long position) throws Exception {
    try {
      failed = Reason.NONE;
      return scorer.score(batches.of(position), batches.size());
    } catch (CallException error) {
      failed = error.reason();
      return null;
    }
  }

  static long cpuNs() {
    return ((com.sun.management.OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
