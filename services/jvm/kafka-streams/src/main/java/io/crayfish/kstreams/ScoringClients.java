package io.crayfish.kstreams;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.ScorerException;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.errors.StreamsException;

/** The clients as Kafka Streams makes them itself, but each stream thread's producer scores. */
final class ScoringClients implements KafkaClientSupplier {
  private final RunConfig config;

  ScoringClients(RunConfig config) {
    this.config = config;
  }

  @Override
  public Producer<byte[], byte[]> getProducer(Map<String, Object> settings) {
    try {
      RecordScorer scorer = RecordScorer.open(config);
      ByteArraySerializer bytes = new ByteArraySerializer();
      return new ScoringProducer(
          new KafkaProducer<>(settings, bytes, bytes), scorer, config.call());
    } catch (ScorerException error) {
      throw new StreamsException(error.getMessage(), error);
    }
  }

  @Override
  public Admin getAdmin(Map<String, Object> settings) {
    return Admin.create(settings);
  }

  @Override
  public Consumer<byte[], byte[]> getConsumer(Map<String, Object> settings) {
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    return new KafkaConsumer<>(settings, bytes, bytes);
  }

  @Override
  public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> settings) {
    return getConsumer(settings);
  }

  @Override
  public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> settings) {
    return getConsumer(settings);
  }
}
