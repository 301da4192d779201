package io.crayfish.flink;

import io.crayfish.scoring.RecordScorer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;

/**
 * Request bytes in, result bytes out, many of them under way in each scoring subtask.
 *
 * <p>A result never fails: each call has a deadline of its own, after which the record comes out as a
 * failed one. So the operator has no timeout, which would be a timer for each record, and would end
 * the job when it fires.
 */
public final class AsyncScoreRecords extends RichAsyncFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  /** The operator's own word for none. */
  private static final long NO_TIMEOUT = 0;

  private final String runConfig;
  private transient RecordScorer scorer;

  /**
   * For a run.
   *
   * @param runConfig the run config's text
   */
  public AsyncScoreRecords(String runConfig) {
    this.runConfig = runConfig;
  }

  /**
   * The operator, after a stream; the driver, which is Python, sets its name and parallelism.
   *
   * @param inFlight calls under way in each subtask
   * @param ordered whether results leave in the order of their records
   */
  public static SingleOutputStreamOperator<byte[]> after(
      DataStream<byte[]> stream, String runConfig, int inFlight, boolean ordered) {
    AsyncScoreRecords function = new AsyncScoreRecords(runConfig);
    TimeUnit unit = TimeUnit.MILLISECONDS;
    return ordered
        ? AsyncDataStream.orderedWait(stream, function, NO_TIMEOUT, unit, inFlight)
        : AsyncDataStream.unorderedWait(stream, function, NO_TIMEOUT, unit, inFlight);
  }

  @Override
  public void open(OpenContext context) throws Exception {
    scorer = RecordScorer.open(runConfig);
  }

  @Override
  public void asyncInvoke(byte[] message, ResultFuture<byte[]> answer) {
    scorer.submit(message).thenAccept(result -> answer.complete(List.of(result)));
  }

  @Override
  public void close() {
    if (scorer != null) {
      scorer.close();
    }
  }
}
