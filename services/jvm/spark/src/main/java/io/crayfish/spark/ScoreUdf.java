package io.crayfish.spark;

import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.ScorerException;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.api.java.UDF1;

/**
 * Request bytes in, result bytes out; runs in the executor, record by record.
 *
 * <p>An executor belongs to one application, and an application to one run, so that a thread's scorer
 * stays until the process ends. Tasks run in the threads of one pool: as many scorers are loaded as
 * tasks have run at the same time.
 */
public final class ScoreUdf implements UDF1<byte[], byte[]> {
  /** The setting that holds the run config's text: executors get the settings of the driver. */
  public static final String RUN_CONFIG = "spark.crayfish.run";

  private static final long serialVersionUID = 1L;

  private static final ThreadLocal<RecordScorer> SCORER = ThreadLocal.withInitial(ScoreUdf::open);

  @Override
  public byte[] call(byte[] message) {
    return SCORER.get().process(message);
  }

  private static RecordScorer open() {
    try {
      return RecordScorer.open(SparkEnv.get().conf().get(RUN_CONFIG));
    } catch (ScorerException error) {
      throw new IllegalStateException(error.getMessage(), error);
    }
  }
}
