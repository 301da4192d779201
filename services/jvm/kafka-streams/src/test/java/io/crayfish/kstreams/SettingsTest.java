package io.crayfish.kstreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.crayfish.contract.RunConfig;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

final class SettingsTest {
  private static Object producer(String delivery, Map<String, Object> options, String name) {
    RunConfig config =
        new RunConfig(
            "run",
            new RunConfig.Kafka("kafka:9092", "in", "out", 1, 1, 1 << 20),
            null,
            null,
            new RunConfig.Processor("kafka-streams", "jvm", options),
            new RunConfig.Parallelism(1, 1, 1, true),
            "binary",
            delivery,
            "kafka",
            null,
            null);
    return Settings.of(config, Options.parse(options)).get(StreamsConfig.producerPrefix(name));
  }

  @Test
  void aTransactionOfADeadInstanceEndsSoon() {
    String timeout = ProducerConfig.TRANSACTION_TIMEOUT_CONFIG;
    assertEquals(5000, producer("exactly-once", Map.of("commit_interval_ms", 500), timeout));
    assertEquals(10_000, producer("exactly-once", Map.of(), timeout));
    assertNull(producer("at-least-once", Map.of(), timeout));
  }

  @Test
  void exactlyOnceIsAcknowledgedByAll() {
    assertEquals("1", producer("at-least-once", Map.of(), ProducerConfig.ACKS_CONFIG));
    assertNull(producer("exactly-once", Map.of(), ProducerConfig.ACKS_CONFIG));
  }
}
