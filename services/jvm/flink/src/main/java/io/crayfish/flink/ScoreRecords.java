package io.crayfish.flink;

import io.crayfish.scoring.RecordScorer;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** Request bytes in, result bytes out; one for each scoring subtask, in the thread that runs it. */
public final class ScoreRecords extends RichMapFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  private final String runConfig;
  private transient RecordScorer scorer;

  /**
   * For a run.
   *
   * @param runConfig the run config's text
   */
  public ScoreRecords(String runConfig) {
    this.runConfig = runConfig;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    scorer = RecordScorer.open(runConfig);
  }

  @Override
  public byte[] map(byte[] message) {
    return scorer.process(message);
  }

  @Override
  public void close() {
    if (scorer != null) {
      scorer.close();
    }
  }
}
