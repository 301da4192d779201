package io.crayfish.spark;

import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.ScorerException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.api.java.UDF1;

/**
 * Request bytes in, result bytes out; runs in the executor, record by record.
 *
 * <p>An executor belongs to one application, and an application to one run: its scorers stay until
 * the process ends.
 */
public final class ScoreUdf implements UDF1<byte[], byte[]> {
  /** The setting that holds the run config's text: executors get the settings of the driver. */
  public static final String RUN_CONFIG = "spark.crayfish.run";

  /** The setting that holds how many tasks run at the same time, in all executors together. */
  public static final String SLOTS = "spark.cores.max";

  private static final long serialVersionUID = 1L;

  private static volatile ScorerPool pool;

  @Override
  public byte[] call(byte[] message) {
    ScorerPool scorers = pool;
    return (scorers == null ? open() : scorers).process(message);
  }

  /** The first task waits for all models, and the others for it. */
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
}
