package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.crayfish.contract.Codec;
import io.crayfish.contract.CodecException;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From request to result, in both formats. */
final class RecordScorerTest {
  private static final RecordHeader HEADER =
      new RecordHeader(Segment.MEASURED, -1L, 10, 20, 2, 3, false, Status.PENDING, 0, 0, 0);

  /** Sums the values of each point; refuses negative ones. */
  private static final class Sum implements Scorer {
    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer bytes, int batch) {
      FloatBuffer points = bytes.asFloatBuffer();
      float[] sums = new float[batch];
      int size = points.remaining() / batch;
      for (int i = points.position(); i < points.limit(); i++) {
        if (points.get(i) < 0) {
          throw new IllegalArgumentException("negative");
        }
        sums[(i - points.position()) / size] += points.get(i);
      }
      return Values.of(sums);
    }

    @Override
    public void close() {}
  }

  /** Answers one value for each point. */
  private record Constant(float value) implements Scorer {
    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer bytes, int batch) {
      float[] answer = new float[batch];
      Arrays.fill(answer, value);
      return Values.of(answer);
    }

    @Override
    public void close() {}
  }

  private static Codec.Decoded process(String format, RecordHeader header, float... data)
      throws Exception {
    Codec codec = Codec.of(format);
    return codec.decode(
        new RecordScorer(new Sum(), 3, format).process(codec.encode(header, Values.of(data))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void aResultRepeatsTheHeaderAndCarriesThePredictions(String format) throws Exception {
    long before = RecordScorer.now();
    Codec.Decoded result = process(format, HEADER, 1, 2, 3, 4, 5, 6);
    RecordHeader header = result.header();
    assertEquals(HEADER.scored(header.receivedNs(), header.scoredNs(), 1), header);
    assertTrue(before <= header.receivedNs() && header.receivedNs() <= header.scoredNs());
    assertEquals(Values.of(6, 15), result.data());
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void whatCannotBeScoredComesOutAsFailed(String format) throws Exception {
    RecordHeader thrown = process(format, HEADER, 1, 2, 3, -4, 5, 6).header();
    assertEquals(Status.FAILED, thrown.status());
    assertEquals(-1L, thrown.id());
    RecordHeader other =
        new RecordHeader(Segment.WARMUP, 7, 1, 2, 1, 2, false, Status.PENDING, 0, 0, 0);
    assertEquals(Status.FAILED, process(format, other, 1, 2).header().status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void whatHasNoIdStandsForItself(String format) {
    byte[] result = new RecordScorer(new Sum(), 3, format).process(new byte[] {1, 2, 3});
    assertEquals(64, result.length);
    assertEquals((byte) 0x80, result[5]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void aMessageWithoutAValueIsMalformed(String format) {
    byte[] result = new RecordScorer(new Sum(), 3, format).process(null);
    assertEquals(64, result.length);
    assertEquals((byte) 0x80, result[5]);
  }

  static Stream<JsonNode> refused() throws IOException {
    Path file =
        Path.of(System.getProperty("crayfish.root"), "tests/contract/vectors/refused.json");
    JsonNode index = new ObjectMapper().readTree(file.toFile());
    return Stream.iterate(0, i -> i < index.size(), i -> i + 1).map(index::get);
  }

  /** Failed with its id if that can be read at all, and otherwise no record. */
  @ParameterizedTest
  @MethodSource("refused")
  void whatIsNoRequestIsNotScored(JsonNode entry) throws Exception {
    String format = entry.get("format").asText();
    byte[] message = HexFormat.of().parseHex(entry.get("hex").asText());
    byte[] result = new RecordScorer(new Sum(), 2, format).process(message);
    try {
      RecordHeader header = Codec.of(format).decode(result).header();
      assertEquals(Status.FAILED, header.status());
      assertEquals(7, header.id());
    } catch (CodecException noRecord) {
      assertEquals("codec", entry.get("by").asText());
      assertEquals(64, result.length);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void aPredictionThatJsonCannotHoldIsAFailedResult(float value) throws Exception {
    Codec codec = Codec.of("json");
    byte[] message = codec.encode(HEADER, Values.allocate(24));
    byte[] result = new RecordScorer(new Constant(value), 3, "json").process(message);
    assertEquals(Status.FAILED, codec.decode(result).header().status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void theFirstFailureIsLoggedWithItsReason(String format) throws Exception {
    List<String> lines = new ArrayList<>();
    RecordScorer scorer = new RecordScorer(new Sum(), 3, format, lines::add);
    Codec codec = Codec.of(format);
    scorer.process(codec.encode(HEADER, Values.allocate(24)));
    assertEquals(List.of(), lines);
    for (int i = 0; i < 2; i++) {
      scorer.process(codec.encode(HEADER, Values.of(0, 0, 0, -1, 0, 0)));
    }
    scorer.process(null);
    assertEquals(
        List.of(
            "record 18446744073709551615 could not be scored (others are not logged): "
                + "java.lang.IllegalArgumentException: negative"),
        lines);
  }

  @Test
  void noopAnswersZerosAfterItsServiceTime() throws Exception {
    RunConfig.Model model =
        new RunConfig.Model("m", "none", "", new int[] {3}, new int[] {2});
    RunConfig.Tool tool = new RunConfig.Tool("noop", Map.of("service_time_ms", 3), null);
    try (Scorer scorer = Tools.open(tool, model)) {
      long start = System.nanoTime();
      assertEquals(Values.allocate(16), scorer.score(Values.allocate(24), 2));
      assertTrue(System.nanoTime() - start >= 3_000_000);
    }
    assertThrows(
        ScorerException.class,
        () -> Tools.open(new RunConfig.Tool("noop", Map.of("service_time_ms", -1), null), model));
    assertThrows(
        ScorerException.class, () -> Tools.open(new RunConfig.Tool("nope", Map.of(), null), model));
  }
}
