package io.crayfish.kstreams;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.ScorerException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/** Request bytes in, result bytes out; one for each task, in the thread that runs it. */
final class ScoreRecords implements FixedKeyProcessor<byte[], byte[], byte[]> {
  private final RunConfig config;
  private FixedKeyProcessorContext<byte[], byte[]> context;
  private RecordScorer scorer;

  ScoreRecords(RunConfig config) {
    this.config = config;
  }

  @Override
  public void init(FixedKeyProcessorContext<byte[], byte[]> context) {
    this.context = context;
    try {
      scorer = RecordScorer.open(config);
    } catch (ScorerException error) {
      throw new StreamsException(error.getMessage(), error);
    }
  }

  @Override
  public void process(FixedKeyRecord<byte[], byte[]> record) {
    context.forward(record.withValue(scorer.process(record.value())));
  }

  @Override
  public void close() {
    if (scorer != null) {
      scorer.close();
    }
  }
}
