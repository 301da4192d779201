package io.crayfish.kstreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the Kafka libraries log comes out, as every container's lines do. */
final class LogTest {
  @Test
  void aWarningIsOneJsonObjectAndLessIsNotSaid() throws Exception {
    Logger logger = LoggerFactory.getLogger("org.apache.kafka.streams.Something");
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      logger.info("started");
      logger.warn("fenced: \"{}\"", "p-1", new IllegalStateException("gone\n"));
    } finally {
      System.setOut(before);
    }
    String[] lines = written.toString(StandardCharsets.UTF_8).split("\n");
    assertEquals(1, lines.length);
    JsonNode line = new ObjectMapper().readTree(lines[0]);
    assertEquals("warn", line.get("level").asText());
    assertEquals("kafka-streams", line.get("component").asText());
    assertEquals("fenced: \"p-1\"", line.get("msg").asText());
    assertTrue(line.get("exception").asText().contains("IllegalStateException: gone"));
    assertTrue(line.get("ts").asText().matches("\\d{4}-\\d\\d-\\d\\dT[\\d:.]{12}Z"));
  }
}
