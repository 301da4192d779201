package io.crayfish.scoring;

import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** No model: zeros, after a service time if one is set. The baseline of every experiment. */
public final class NoopProvider implements ScorerProvider {
  private static final long SPIN_NS = 200_000;

  @Override
  public String tool() {
    return "noop";
  }

  @Override
  public Scorer create(RunConfig.Model model, Map<String, Object> options, Path folder)
      throws ScorerException {
    Object milliseconds = options.remove("service_time_ms");
    if (milliseconds == null) {
      milliseconds = 0;
    }
    if (!(milliseconds instanceof Number number) || number.doubleValue() < 0) {
      throw new ScorerException(
          "tool noop: option service_time_ms: " + milliseconds + " is not a duration");
    }
    long serviceNs = Math.round(number.doubleValue() * 1e6);
    return new Scorer() {
      @Override
      public void load() {}

      @Override
      public ByteBuffer score(ByteBuffer points, int batch) {
        if (serviceNs > 0) {
          waitUntil(System.nanoTime() + serviceNs);
        }
        return Values.allocate(model.outputBytes(batch));
      }

      @Override
      public void close() {}
    };
  }

  /** The last part is spun: a sleep overshoots by the timer's slack. */
  private static void waitUntil(long end) {
    for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
      if (left > SPIN_NS) {
        LockSupport.parkNanos(left - SPIN_NS);
      } else {
        Thread.onSpinWait();
      }
    }
  }
}
