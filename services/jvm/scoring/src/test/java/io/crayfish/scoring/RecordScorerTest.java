package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Codec;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import java.nio.FloatBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
    public float[] score(FloatBuffer points, int batch) {
      float[] sums = new float[batch];
      int size = points.remaining() / batch;
      for (int i = points.position(); i < points.limit(); i++) {
        if (points.get(i) < 0) {
          throw new IllegalArgumentException("negative");
        }
        sums[(i - points.position()) / size] += points.get(i);
      }
      return sums;
    }

    @Override
    public void close() {}
  }

  private static Codec.Decoded process(String format, RecordHeader header, float... data)
      throws Exception {
    Codec codec = Codec.of(format);
    return codec.decode(
        new RecordScorer(new Sum(), 3, format).process(codec.encode(header, data)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void aResultRepeatsTheHeaderAndCarriesThePredictions(String format) throws Exception {
    long before = RecordScorer.now();
    Codec.Decoded result = process(format, HEADER, 1, 2, 3, 4, 5, 6);
    RecordHeader header = result.header();
    assertEquals(HEADER.scored(header.receivedNs(), header.scoredNs(), 1), header);
    assertTrue(before <= header.receivedNs() && header.receivedNs() <= header.scoredNs());
    assertEquals(2, result.data().remaining());
    assertEquals(6, result.data().get(0));
    assertEquals(15, result.data().get(1));
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

  @Test
  void noopAnswersZerosAfterItsServiceTime() throws Exception {
    RunConfig.Model model =
        new RunConfig.Model("m", "none", "", new int[] {3}, new int[] {2});
    RunConfig.Tool tool = new RunConfig.Tool("noop", Map.of("service_time_ms", 3), null);
    try (Scorer scorer = Tools.open(tool, model)) {
      long start = System.nanoTime();
      assertArrayEquals(new float[4], scorer.score(FloatBuffer.allocate(6), 2));
      assertTrue(System.nanoTime() - start >= 3_000_000);
    }
    assertThrows(
        ScorerException.class,
        () -> Tools.open(new RunConfig.Tool("noop", Map.of("service_time_ms", -1), null), model));
    assertThrows(
        ScorerException.class, () -> Tools.open(new RunConfig.Tool("nope", Map.of(), null), model));
  }
}
