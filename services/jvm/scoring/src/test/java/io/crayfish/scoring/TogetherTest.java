package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.crayfish.contract.Codec;
import io.crayfish.contract.CodecException;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several records in one call. */
final class TogetherTest {
  private int calls;

  /** Answers each point's two values, the other way round; refuses points that begin with -1. */
  private final class Swap implements Scorer {
    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer bytes, int batch) {
      FloatBuffer points = bytes.asFloatBuffer();
      calls++;
      assertEquals(2 * batch, points.remaining());
      float[] swapped = new float[2 * batch];
      for (int i = 0; i < batch; i++) {
        swapped[2 * i] = points.get(points.position() + 2 * i + 1);
        swapped[2 * i + 1] = points.get(points.position() + 2 * i);
        if (swapped[2 * i + 1] == -1) {
          throw new IllegalArgumentException("minus one");
        }
      }
      return Values.of(swapped);
    }

    @Override
    public void close() {}
  }

  private static byte[] request(String format, long id, float... data) throws CodecException {
    return Codec.of(format)
        .encode(
            new RecordHeader(
                Segment.MEASURED, id, 1, 2, data.length / 2, 2, false, Status.PENDING, 0, 0, 0),
            Values.of(data));
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void eachRecordGetsItsOwnPredictions(String format) throws Exception {
    Together together = new RecordScorer(new Swap(), 2, format).together();
    together.add(request(format, 1, 1, 2));
    together.add(null);
    together.add(request(format, 2, 3, 4, 5, 6));
    together.add(request(format, 3, 7, 8));
    assertEquals(4, together.size());
    List<byte[]> results = together.process();
    assertEquals(1, calls);
    assertEquals(4, results.size());
    float[][] expected = {{2, 1}, null, {4, 3, 6, 5}, {8, 7}};
    for (int place : new int[] {0, 2, 3}) {
      Codec.Decoded result = Codec.of(format).decode(results.get(place));
      assertEquals(Values.of(expected[place]), result.data());
      assertEquals(place == 0 ? 1 : place, result.header().id());
    }
    assertThrows(CodecException.class, () -> Codec.of(format).decode(results.get(1)));
  }

  @Test
  void aCallThatFailsIsTheFailureOfItsRecords() throws Exception {
    Together together = new RecordScorer(new Swap(), 2, "binary").together();
    together.add(request("binary", 1, 1, 2));
    together.add(request("binary", 2, -1, 2));
    for (byte[] result : together.process()) {
      assertEquals(Status.FAILED, Codec.of("binary").decode(result).header().status());
    }
  }

  @Test
  void aServersReasonIsThatOfAllItsRecords() throws Exception {
    AsyncScorer late =
        new AsyncScorer() {
          @Override
          public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
            return CompletableFuture.failedFuture(new CallException(Reason.DEADLINE, "late"));
          }

          @Override
          public void load() {}

          @Override
          public void close() {}
        };
    Together together = new RecordScorer(late, 2, "binary").together();
    together.add(request("binary", 1, 1, 2));
    together.add(request("binary", 2, 3, 4));
    for (byte[] result : together.process()) {
      assertEquals(Reason.DEADLINE, Codec.of("binary").decode(result).header().reason());
    }
  }

  @Test
  void noRequestIsNoCall() {
    Together together = new RecordScorer(new Swap(), 2, "binary").together();
    together.add(new byte[] {1});
    assertEquals(1, together.process().size());
    assertEquals(0, calls);
  }
}
