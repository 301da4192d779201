package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Codec;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.ServiceExit;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An error that is thrown while a record is scored ends the process, wherever it is thrown. */
@Timeout(60)
final class FatalTest {
  private static final Error FULL = new OutOfMemoryError("Java heap space");

  private final List<Error> ended = new ArrayList<>();

  /** A library whose call throws. */
  private record Throws(Error error) implements Scorer {
    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer points, int batch) {
      throw error;
    }

    @Override
    public void close() {}
  }

  /** A client: the call throws, or its answer is an error. */
  private record Client(CompletableFuture<ByteBuffer> answer) implements AsyncScorer {
    @Override
    public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
      if (answer == null) {
        throw FULL;
      }
      return answer;
    }

    @Override
    public void load() {}

    @Override
    public void close() {}
  }

  private RecordScorer around(Scorer scorer, String format) {
    Carried carried = new Carried(2, Dtype.FLOAT32, Dtype.FLOAT32);
    return new RecordScorer(
        scorer, carried, format, line -> {}, (what, error) -> ended.add(error));
  }

  private static byte[] request(String format) throws Exception {
    RecordHeader header =
        new RecordHeader(Segment.MEASURED, 7, 1, 2, 1, 2, false, Status.PENDING, 0, 0, 0);
    return Codec.of(format).encode(header, Values.of(1, 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void oneRecord(String format) throws Exception {
    for (Error error : new Error[] {FULL, new StackOverflowError(), new NoClassDefFoundError("x")}) {
      ended.clear();
      RecordScorer scorer = around(new Throws(error), format);
      byte[] message = request(format);
      assertEquals(error, assertThrows(Error.class, () -> scorer.process(message)));
      assertEquals(List.of(error), ended);
    }
  }

  @Test
  void severalRecordsInOneCall() throws Exception {
    Together together = around(new Throws(FULL), "binary").together();
    together.add(request("binary"));
    assertThrows(OutOfMemoryError.class, together::process);
    assertEquals(List.of(FULL), ended);
  }

  @Test
  void aCallThatCannotBegin() throws Exception {
    RecordScorer scorer = around(new Client(null), "binary");
    byte[] message = request("binary");
    assertThrows(OutOfMemoryError.class, () -> scorer.submit(message));
    assertEquals(List.of(FULL), ended);
  }

  @Test
  void anAnswerThatCannotBeRead() throws Exception {
    CompletableFuture<ByteBuffer> answer = new CompletableFuture<>();
    RecordScorer scorer = around(new Client(answer), "binary");
    scorer.submit(request("binary"));
    assertEquals(List.of(), ended);
    answer.completeExceptionally(FULL);
    assertEquals(List.of(FULL), ended);
    byte[] message = request("binary");
    assertThrows(OutOfMemoryError.class, () -> scorer.process(message));
    assertEquals(List.of(FULL, FULL), ended);
  }

  @Test
  void aThreadThatShallEndIsNotTheProcess() throws Exception {
    RecordScorer scorer = around(new Throws(new ThreadDeath()), "binary");
    byte[] message = request("binary");
    assertThrows(ThreadDeath.class, () -> scorer.process(message));
    assertEquals(List.of(), ended);
  }

  /** What a process of its own does: scores with a model that takes all its memory. */
  static final class Fills {
    public static void main(String[] arguments) throws Exception {
      Scorer greedy =
          new Scorer() {
            @Override
            public void load() {}

            @Override
            public ByteBuffer score(ByteBuffer points, int batch) {
              List<byte[]> all = new ArrayList<>();
              while (true) {
                all.add(new byte[1 << 20]);
              }
            }

            @Override
            public void close() {}
          };
      // A hook that says that all is well, as that of Kafka Streams: it must not be asked.
      Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
      new RecordScorer(greedy, 2, "binary").process(request("binary"));
    }
  }

  @Test
  void theProcessEndsWithAMessage() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-cp",
                System.getProperty("java.class.path"),
                Fills.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(ServiceExit.BUG, process.waitFor(), said);
    assertTrue(
        said.contains("a record could not be scored: java.lang.OutOfMemoryError"), said);
  }
}
