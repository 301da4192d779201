package io.crayfish.raw;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.Scorer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The loop and what it leaves: the layout of crayfish_contract.arrays, byte for byte. */
final class RowsTest {
  private static final int BATCH = 2;
  private static final int POOL = 3;

  private static RunConfig config(String path) {
    return config(path, Dtype.FLOAT32);
  }

  private static RunConfig config(String path, Dtype dtype) {
    return new RunConfig(
        "run",
        null,
        new RunConfig.Model("m", "any", "", new int[] {2}, new int[] {2}).of(dtype, dtype),
        new RunConfig.Tool("own", Map.of(), null),
        null,
        null,
        null,
        "binary",
        "at-least-once",
        "raw",
        new RunConfig.Workload(
            new RunConfig.Stop(null, 5L),
            new RunConfig.Warmup(0),
            BATCH,
            new RunConfig.Points("file", path, null, 1e-5, 3, 0, POOL)),
        null);
  }

  /** Answers the points as they are. */
  private static final class Echo implements Scorer {
    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer points, int batch) {
      return Values.of(Values.floats(points));
    }

    @Override
    public void close() {}
  }

  @Test
  void rowsSayWhatCameOfEachCall(@TempDir Path out) throws Exception {
    float[] values = {0, 1, 2, 0, 0, 3};
    float[] reference = {0, 1, 2, 0, 0, 2.5f};
    Points points = new Points(Values.of(values), 3, Values.of(reference), new long[] {1, 0, 0});
    Calls calls = new Loop(new Echo(), new Batches(points, BATCH, POOL)).score(5, null);
    new Rows(config(null), points).write(calls, out);

    JsonNode summary = new ObjectMapper().readTree(out.resolve("producer.json").toFile());
    long step = summary.get("clock_end_ns").asLong() - summary.get("clock_start_ns").asLong();
    assertTrue(Math.abs(step) < 1_000_000, "the clock was set by " + step + " ns");
    assertEquals(5 * 37, Files.size(out.resolve("producer.records.bin")));
    ByteBuffer rows =
        ByteBuffer.wrap(Files.readAllBytes(out.resolve("consumer.records.bin")))
            .order(LITTLE_ENDIAN);
    assertEquals(5 * 79, rows.capacity());
    long before = 0;
    // Record id carries points 2 id and 2 id + 1, counted round the end of the three.
    float[] deviations = {0, 0.5f, 0.5f, 0, 0.5f};
    int[] correct = {2, 1, 1, 2, 1};
    for (int id = 0; id < 5; id++) {
      int at = 79 * id;
      assertEquals(id, rows.getLong(at));
      assertEquals(4, rows.get(at + 8));
      assertEquals(1, rows.get(at + 9));
      long start = rows.getLong(at + 10);
      long end = rows.getLong(at + 42);
      assertEquals(start, rows.getLong(at + 26));
      assertEquals(calls.endsNs()[id], end);
      assertEquals(-1, rows.getLong(at + 50));
      assertEquals(BATCH, rows.getInt(at + 58));
      assertEquals(correct[id], rows.getInt(at + 66));
      assertEquals(deviations[id], rows.getFloat(at + 70));
      assertEquals(true, before <= start && start <= end);
      before = end;
    }
  }

  @Test
  void aPoolOfBatchesIsDealtRoundTheEnd() throws Exception {
    Points points = new Points(Values.of(0, 1, 2, 3, 4, 5), 3, null, null);
    Calls calls = new Loop(new Echo(), new Batches(points, BATCH, POOL)).score(2, 10.0);
    assertArrayEquals(new float[] {0, 1, 2, 3}, Values.floats(calls.outputs().get(0)));
    assertArrayEquals(new float[] {4, 5, 0, 1}, Values.floats(calls.outputs().get(1)));
  }

  /** Answers with one other call, the last one first; every third fails. */
  private static final class Pairs implements AsyncScorer {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int calls;
    private int mostWaiting;

    @Override
    public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
      CompletableFuture<ByteBuffer> call = new CompletableFuture<>();
      ByteBuffer output = Values.of(Values.floats(points));
      boolean fails = calls++ % 3 == 2;
      waiting.addFirst(
          () -> {
            if (fails) {
              call.completeExceptionally(new CallException(Reason.DEADLINE, "late"));
            } else {
              call.complete(output);
            }
          });
      mostWaiting = Math.max(mostWaiting, waiting.size());
      if (waiting.size() == 2) {
        waiting.forEach(Runnable::run);
        waiting.clear();
      }
      return call;
    }

    @Override
    public void load() {}

    @Override
    public void close() {}
  }

  @Test
  void manyCallsAreUnderWay(@TempDir Path out) throws Exception {
    ByteBuffer values = Values.of(0, 1, 2, 3, 4, 5);
    Points points = new Points(values, 3, values, null);
    Pairs server = new Pairs();
    Calls calls = new AsyncLoop(server, new Batches(points, BATCH, POOL), 2).score(6, null);
    assertEquals(2, server.mostWaiting);
    assertEquals(6, calls.count());
    assertArrayEquals(new float[] {0, 1, 2, 3}, Values.floats(calls.outputs().get(0)));
    assertNull(calls.outputs().get(2));
    new Rows(config(null), points).write(calls, out);
    ByteBuffer rows =
        ByteBuffer.wrap(Files.readAllBytes(out.resolve("consumer.records.bin")))
            .order(LITTLE_ENDIAN);
    assertEquals(1, rows.get(79 + 9));
    assertEquals(2, rows.get(2 * 79 + 9));
    assertEquals(-1, rows.getInt(2 * 79 + 62));
    assertEquals(Float.NaN, rows.getFloat(2 * 79 + 70));
    assertEquals(Reason.DEADLINE.ordinal(), rows.get(2 * 79 + 74));
    assertEquals(0, rows.getFloat(79 + 70));
    assertEquals(0, rows.get(79 + 74));
    JsonNode consumer = new ObjectMapper().readTree(out.resolve("consumer.json").toFile());
    assertTrue(
        consumer.get("first_result_ns").asLong() <= consumer.get("last_result_ns").asLong());
  }

  private static float deviation(Dtype dtype, Number found, Number expected, Path out)
      throws Exception {
    ByteBuffer values = Values.allocate(6 * dtype.bytes());
    ByteBuffer reference = Values.allocate(6 * dtype.bytes());
    for (int i = 0; i < 6; i++) {
      Values.put(dtype, values, found);
      Values.put(dtype, reference, expected);
    }
    Points points = new Points(values.flip(), 3, reference.flip(), null);
    Calls calls = new Loop(new Echo(), new Batches(points, BATCH, POOL)).score(1, null);
    new Rows(config(null, dtype), points).write(calls, out);
    byte[] row = Files.readAllBytes(out.resolve("consumer.records.bin"));
    return ByteBuffer.wrap(row).order(LITTLE_ENDIAN).getFloat(70);
  }

  @Test
  void predictionsOfOtherTypesAreCompared(@TempDir Path out) throws Exception {
    assertEquals(0.25f, deviation(Dtype.FLOAT64, 1.5, 1.25, out));
    assertEquals(0.25f, deviation(Dtype.FLOAT16, 1.5, 1.25, out));
    assertEquals(0, deviation(Dtype.FLOAT64, Double.NaN, Double.NaN, out));
    assertEquals(Float.POSITIVE_INFINITY, deviation(Dtype.FLOAT64, Double.NaN, 1, out));
    assertEquals(3, deviation(Dtype.INT32, -1, 2, out));
    assertEquals(55, deviation(Dtype.UINT8, 255, 200, out));
    assertEquals(1, deviation(Dtype.BOOL, 1, 0, out));
    assertEquals(0, deviation(Dtype.BOOL, 1, 1, out));
    long large = 1L << 53; // a float64 cannot tell it from the next
    assertEquals(0, deviation(Dtype.INT64, large, large, out));
    assertEquals(1, deviation(Dtype.INT64, large, large + 1, out));
  }

  @Test
  void pointsThatAreNotThereAreNamed(@TempDir Path folder) throws Exception {
    Path broken = Files.writeString(folder.resolve("points.npy"), "no array");
    IOException error =
        assertThrows(IOException.class, () -> Points.load(config(broken.toString())));
    assertEquals(broken + ": not an .npy file", error.getMessage());
  }
}
