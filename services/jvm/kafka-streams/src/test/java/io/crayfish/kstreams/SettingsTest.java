package io.crayfish.kstreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.crayfish.contract.KafkaSecurity;
import io.crayfish.contract.RunConfig;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

final class SettingsTest {
  private static Object producer(String delivery, Map<String, Object> options, String name) {
    RunConfig config = config(delivery, options, 120);
    return Settings.of(config, Options.parse(options)).get(StreamsConfig.producerPrefix(name));
  }

  private static RunConfig config(String delivery, Map<String, Object> options, double ready) {
    return config(
        new RunConfig.Kafka("kafka:9092", "in", "out", 1, 1, 1 << 20), delivery, options, ready);
  }

  private static RunConfig config(
      RunConfig.Kafka kafka, String delivery, Map<String, Object> options, double ready) {
    return new RunConfig(
            "run",
            kafka,
            null,
            null,
            null,
            new RunConfig.Processor("kafka-streams", "jvm", options),
            new RunConfig.Parallelism(1, 1, 1, true),
            "binary",
            delivery,
            "kafka",
            null,
            new RunConfig.Deadlines(ready, 7));
  }

  @Test
  void aTransactionOfADeadInstanceEndsSoon() {
    String timeout = ProducerConfig.TRANSACTION_TIMEOUT_CONFIG;
    assertEquals(5000, producer("exactly-once", Map.of("progress_interval_ms", 500), timeout));
    assertEquals(10_000, producer("exactly-once", Map.of(), timeout));
    assertNull(producer("at-least-once", Map.of(), timeout));
  }

  @Test
  void exactlyOnceIsAcknowledgedByAll() {
    assertEquals("1", producer("at-least-once", Map.of(), ProducerConfig.ACKS_CONFIG));
    assertNull(producer("exactly-once", Map.of(), ProducerConfig.ACKS_CONFIG));
  }

  @Test
  void aRecordMayTakeAsLongAsACanaryMay() {
    String name = StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG);
    Options options = Options.parse(Map.of());
    assertEquals(
        300_000, Settings.of(config("at-least-once", Map.of(), 120), options).get(name));
    assertEquals(
        1_200_000, Settings.of(config("at-least-once", Map.of(), 600), options).get(name));
  }

  /** As the other processors on the JVM: test_kafka.py holds them to the same. */
  @Test
  void itFetchesAsTheOthersDo() {
    Map<Object, Object> settings =
        Settings.of(config("at-least-once", Map.of(), 120), Options.parse(Map.of()));
    Map<String, String> expected =
        Map.of(
            ConsumerConfig.FETCH_MIN_BYTES_CONFIG, "1",
            ConsumerConfig.FETCH_MAX_BYTES_CONFIG, "1048576",
            ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, "1048576",
            ConsumerConfig.RECEIVE_BUFFER_CONFIG, "-1");
    expected.forEach(
        (name, value) ->
            assertEquals(
                value, String.valueOf(settings.get(StreamsConfig.consumerPrefix(name))), name));
  }

  @Test
  void allItsClientsAreProtectedAlike() {
    RunConfig.Sasl sasl = new RunConfig.Sasl("PLAIN", "/c");
    RunConfig.Kafka kafka =
        new RunConfig.Kafka("k:1", "in", "out", 1, 1, 1 << 20, 1, true, "/ca.pem", sasl);
    Map<Object, Object> settings =
        Settings.of(config(kafka, "at-least-once", Map.of(), 120), Options.parse(Map.of()));
    KafkaSecurity.settings(kafka)
        .forEach((name, value) -> assertEquals(value, settings.get(name), name));
    assertEquals("SASL_SSL", settings.get("security.protocol"));
    assertNull(
        Settings.of(config("at-least-once", Map.of(), 120), Options.parse(Map.of()))
            .get("security.protocol"));
  }
}
