package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Codec;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Many records under way, and what a call that fails makes of its record. */
@Timeout(30)
final class SubmitTest {
  /** A server whose answers the test gives. */
  private static final class Held implements AsyncScorer {
    private final List<float[]> asked = new ArrayList<>();
    private final List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();

    @Override
    public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
      asked.add(Values.floats(points));
      CompletableFuture<ByteBuffer> call = new CompletableFuture<>();
      calls.add(call);
      return call;
    }

    @Override
    public void load() {}

    @Override
    public void close() {}
  }

  private final Held server = new Held();

  private static byte[] request(String format, long id, float... data) throws Exception {
    return Codec.of(format)
        .encode(
            new RecordHeader(
                Segment.MEASURED, id, 10, 20, data.length / 2, 2, false, Status.PENDING, 0, 0, 0),
            Values.of(data));
  }

  private RecordScorer scorer(String format) {
    return new RecordScorer(server, 2, format, reason -> {});
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void resultsComeWhenTheirCallsEndInAnyOrder(String format) throws Exception {
    RecordScorer scorer = scorer(format);
    CompletableFuture<byte[]> first = scorer.submit(request(format, 1, 1, 2));
    CompletableFuture<byte[]> second = scorer.submit(request(format, 2, 3, 4, 5, 6));
    assertArrayEquals(new float[] {3, 4, 5, 6}, server.asked.get(1));
    server.calls.get(1).complete(Values.of(7, 8));
    assertFalse(first.isDone());
    Codec.Decoded result = Codec.of(format).decode(second.get());
    assertEquals(Status.OK, result.header().status());
    assertEquals(2, result.header().id());
    assertEquals(Values.of(7, 8), result.data());
    server.calls.get(0).complete(Values.of(9));
    assertEquals(1, Codec.of(format).decode(first.get()).header().id());
  }

  @ParameterizedTest
  @EnumSource(value = Reason.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void aFailedCallIsAFailedResultWithItsReason(Reason reason) throws Exception {
    for (String format : new String[] {"binary", "json"}) {
      CompletableFuture<byte[]> result = scorer(format).submit(request(format, 3, 1, 2));
      CompletableFuture<ByteBuffer> call = server.calls.get(server.calls.size() - 1);
      call.completeExceptionally(new CallException(reason, "gone"));
      RecordHeader header = Codec.of(format).decode(result.get()).header();
      assertEquals(Status.FAILED, header.status());
      assertEquals(reason, header.reason());
      assertEquals(3, header.id());
      assertTrue(header.receivedNs() > 0 && header.scoredNs() >= header.receivedNs());
    }
  }

  @Test
  void oneAfterTheOtherHasTheReasonToo() throws Exception {
    AsyncScorer refuses = new Refusing();
    RecordScorer scorer = new RecordScorer(refuses, 2, "binary", x -> {});
    byte[] result = scorer.process(request("binary", 4, 1, 2));
    RecordHeader header = Codec.of("binary").decode(result).header();
    assertEquals(Reason.UNAVAILABLE, header.reason());
    assertEquals(Status.FAILED, header.status());
  }

  /** Its futures fail, or it throws. */
  private static final class Refusing implements AsyncScorer {
    @Override
    public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
      if (batch > 1) {
        throw new IllegalStateException("a bug");
      }
      return CompletableFuture.failedFuture(new CallException(Reason.UNAVAILABLE, "nobody"));
    }

    @Override
    public void load() {}

    @Override
    public void close() {}
  }

  @Test
  void whatASubmitThrowsIsAFailedResult() throws Exception {
    RecordScorer scorer = new RecordScorer(new Refusing(), 2, "binary", x -> {});
    byte[] result = scorer.submit(request("binary", 5, 1, 2, 3, 4)).get();
    assertEquals(Reason.OTHER, Codec.of("binary").decode(result).header().reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void whatIsNoRequestOfTheModelIsNotSent(String format) throws Exception {
    RecordScorer scorer = scorer(format);
    assertEquals(64, scorer.submit(null).get().length);
    assertEquals(64, scorer.submit(new byte[] {1}).get().length);
    byte[] other =
        Codec.of(format)
            .encode(
                new RecordHeader(
                    Segment.WARMUP, 7, 1, 2, 1, 3, false, Status.PENDING, 0, 0, 0),
                Values.allocate(12));
    RecordHeader header = Codec.of(format).decode(scorer.submit(other).get()).header();
    assertEquals(Status.FAILED, header.status());
    assertEquals(Reason.NONE, header.reason());
    assertEquals(List.of(), server.asked);
  }

  @Test
  void aPredictionThatJsonCannotHoldIsAFailedResult() throws Exception {
    CompletableFuture<byte[]> result = scorer("json").submit(request("json", 6, 1, 2));
    server.calls.get(0).complete(Values.of(Float.NaN));
    assertEquals(Reason.OTHER, Codec.of("json").decode(result.get()).header().reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void theTimeThatARecordWaitedIsInItsResult(String format) throws Exception {
    long received = RecordScorer.now() - 2_500_000;
    CompletableFuture<byte[]> result = scorer(format).submit(request(format, 8, 1, 2), received);
    server.calls.get(0).complete(Values.of(1));
    RecordHeader header = Codec.of(format).decode(result.get()).header();
    assertEquals(received, header.receivedNs());
    assertTrue(header.waitedUs() >= 2500 && header.waitedUs() < 20_000_000, "" + header.waitedUs());
  }

  @Test
  void aLibraryCannotHaveManyRecordsUnderWay() {
    RunConfig.Model model = new RunConfig.Model("m", "none", "", new int[] {2}, new int[] {2});
    RunConfig config =
        new RunConfig(
            "run",
            null,
            model,
            new RunConfig.Tool("noop", Map.of(), null),
            new RunConfig.Call("async", 8, false, 1, 0),
            null,
            null,
            "binary",
            "at-least-once",
            "kafka",
            null,
            null);
    ScorerException error =
        assertThrows(ScorerException.class, () -> RecordScorer.open(config));
    assertTrue(error.getMessage().contains("call.mode async"), error.getMessage());
  }
}
