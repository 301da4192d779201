package io.crayfish.spark;

import io.crayfish.scoring.RecordScorer;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Request bytes in, result bytes out, several at a time: calls under way, or records in one call. All
 * end with the task's part of the batch, so that a batch is committed only when each of its records
 * has a result.
 */
public final class ScorePartitions implements MapPartitionsFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  private final int inFlight;
  private final boolean ordered;
  private final int records;

  private ScorePartitions(int inFlight, boolean ordered, int records) {
    this.inFlight = inFlight;
    this.ordered = ordered;
    this.records = records;
  }

  /**
   * The operator with many calls under way, after records of one binary column; the driver, which is
   * Python, goes on from there.
   *
   * @param column its name, also that of the results
   * @param inFlight calls under way in each task
   * @param ordered whether results leave in the order of their records
   */
  public static Dataset<Row> underWay(
      Dataset<Row> records, String column, int inFlight, boolean ordered) {
    return after(records, column, new ScorePartitions(inFlight, ordered, 0));
  }

  /**
   * The operator with several records in one call.
   *
   * @param most of them
   */
  public static Dataset<Row> batched(Dataset<Row> records, String column, int most) {
    return after(records, column, new ScorePartitions(0, true, most));
  }

  private static Dataset<Row> after(Dataset<Row> records, String column, ScorePartitions function) {
    return records
        .as(Encoders.BINARY())
        .mapPartitions(function, Encoders.BINARY())
        .toDF(column);
  }

  @Override
  public Iterator<byte[]> call(Iterator<byte[]> messages) {
    ScorerPool scorers = ScorerPool.ofThisExecutor();
    RecordScorer scorer = scorers.lend();
    TaskCompletionListener end = context -> scorers.giveBack(scorer);
    TaskContext.get().addTaskCompletionListener(end);
    return records > 0
        ? new Batches(messages, scorer, records)
        : new Window(messages, scorer, inFlight, ordered);
  }
}
