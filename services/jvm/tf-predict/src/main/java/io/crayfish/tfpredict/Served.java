package io.crayfish.tfpredict;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;

/** A model with a session for each thread, loaded before the first call. */
final class Served implements AutoCloseable {
  private final BlockingDeque<Scorer> idle = new LinkedBlockingDeque<>();

  private Served() {}

  /**
   * Load it.
   *
   * @param tool that reads it, or {@code noop}
   * @throws ScorerException if it cannot be served; the message names the file
   */
  static Served load(String tool, RunConfig.Model model, int threads) throws ScorerException {
    Served served = new Served();
    try {
      for (int i = 0; i < threads; i++) {
        served.idle.addFirst(Tools.open(new RunConfig.Tool(tool, Map.of(), null), model));
      }
    } catch (ScorerException error) {
      served.close();
      throw error;
    }
    return served;
  }

  /** Predictions as a scorer gives them; there is always a session, because there are as many as threads. */
  ByteBuffer predict(ByteBuffer points, int batch) throws Exception {
    Scorer scorer = idle.takeFirst();
    try {
      return scorer.score(points, batch);
    } finally {
      idle.addFirst(scorer); // what it needs is still in the caches
    }
  }

  @Override
  public void close() {
    for (Scorer scorer = idle.poll(); scorer != null; scorer = idle.poll()) {
      scorer.close();
    }
  }
}
