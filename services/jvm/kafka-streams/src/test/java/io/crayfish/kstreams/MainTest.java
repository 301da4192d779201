package io.crayfish.kstreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.RunConfig;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

/** What becomes of a run's call mode. */
final class MainTest {
  private static RunConfig config(String mode) {
    return new RunConfig(
        "run",
        new RunConfig.Kafka("kafka:9092", "in", "out", 1, 1, 1 << 20),
        null,
        new RunConfig.Tool("triton", Map.of("deadline_ms", 3000), "triton:8001"),
        new RunConfig.Call(mode, 8, false, 4, 0),
        new RunConfig.Processor("kafka-streams", "jvm", Map.of()),
        new RunConfig.Parallelism(1, 1, 1, true),
        "binary",
        "exactly-once",
        "kafka",
        null,
        new RunConfig.Deadlines(120, 7));
  }

  @Test
  void aProcessorScoresUnlessTheProducerDoes() {
    assertTrue(Main.topology(config("blocking")).describe().toString().contains("Processor:"));
    String async = Main.topology(config("async")).describe().toString();
    assertTrue(!async.contains("Processor:") && async.contains("topic: out"), async);
  }

  @Test
  void recordsCannotBePutTogether() {
    Main.check(config("blocking"));
    Main.check(config("async"));
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Main.check(config("batched")));
    assertTrue(error.getMessage().startsWith("call.mode: batched"), error.getMessage());
  }

  @Test
  void aTransactionOutlivesTheCallsThatACommitWaitsFor() {
    String name = StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG);
    Options options = Options.parse(Map.of());
    assertEquals(10_000, Settings.of(config("blocking"), options).get(name));
    assertEquals(13_000, Settings.of(config("async"), options).get(name));
  }
}
