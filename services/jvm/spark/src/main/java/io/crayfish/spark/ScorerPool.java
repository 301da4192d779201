package io.crayfish.spark;

import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.ScorerException;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/**
 * A scorer for each task slot, loaded before the first record is scored.
 *
 * <p>Spark's tasks run in threads that come and go: a scorer for each thread would be loaded whenever
 * a task meets a new one, in the middle of what is measured, and would never be closed. A task that
 * was killed may still be at its last record when the slot has its next one, which then waits.
 *
 * <p>An executor belongs to one application, and an application to one run: its scorers stay until the
 * process ends.
 */
final class ScorerPool implements AutoCloseable {
  /** The setting that holds the run config's text: executors get the settings of the driver. */
  static final String RUN_CONFIG = "spark.crayfish.run";

  /** The setting that holds how many tasks run at the same time, in all executors together. */
  static final String SLOTS = "spark.cores.max";

  private static volatile ScorerPool pool;

  /** Loads a scorer. */
  interface Opener {
    RecordScorer open() throws ScorerException;
  }

  /** The last one given back is the first one lent: what it needs is still in the caches. */
  private final BlockingDeque<RecordScorer> idle = new LinkedBlockingDeque<>();

  private boolean closed;

  /**
   * Loads all scorers.
   *
   * @param size how many tasks run at the same time
   * @throws ScorerException if one cannot be loaded; none is left open then
   */
  ScorerPool(int size, Opener opener) throws ScorerException {
    try {
      for (int i = 0; i < size; i++) {
        idle.addFirst(opener.open());
      }
    } catch (ScorerException | RuntimeException error) {
      close();
      throw error;
    }
  }

  /** Those of this executor, loaded for its first task; the others wait for it. */
  static ScorerPool ofThisExecutor() {
    ScorerPool scorers = pool;
    return scorers == null ? open() : scorers;
  }

  private static synchronized ScorerPool open() {
    if (pool == null) {
      SparkConf conf = SparkEnv.get().conf();
      String run = conf.get(RUN_CONFIG);
      try {
        ScorerPool scorers = new ScorerPool(conf.getInt(SLOTS, 1), () -> RecordScorer.open(run));
        Runtime.getRuntime().addShutdownHook(new Thread(scorers::close, "close-scorers"));
        pool = scorers;
      } catch (ScorerException error) {
        throw new IllegalStateException(error.getMessage(), error);
      }
    }
    return pool;
  }

  /** One message to one message ({@link RecordScorer#process}), by whichever scorer is free. */
  byte[] process(byte[] message) {
    RecordScorer scorer = lend();
    try {
      return scorer.process(message);
    } finally {
      giveBack(scorer);
    }
  }

  /** Whichever scorer is free; waits until one is. */
  RecordScorer lend() {
    try {
      return idle.takeFirst();
    } catch (InterruptedException killed) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the task was killed while it waited for a scorer", killed);
    }
  }

  /** Of one that was lent. */
  synchronized void giveBack(RecordScorer scorer) {
    if (closed) {
      scorer.close();
    } else {
      idle.addFirst(scorer);
    }
  }

  /** Idle scorers now, the others when they have answered: native code must not lose its model. */
  @Override
  public synchronized void close() {
    closed = true;
    for (RecordScorer scorer = idle.poll(); scorer != null; scorer = idle.poll()) {
      scorer.close();
    }
  }
}
