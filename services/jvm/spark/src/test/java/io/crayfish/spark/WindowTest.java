package io.crayfish.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.BinaryCodec;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.RecordScorer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many records of a task are under way, and in which order their results come. */
@Timeout(30)
final class WindowTest {
  /** Answers when so many wait, the last one first. */
  private static final class Reversed implements AsyncScorer {
    private final int together;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int most;
    private int calls;

    Reversed(int together) {
      this.together = together;
    }

    @Override
    public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
      CompletableFuture<ByteBuffer> call = new CompletableFuture<>();
      calls++;
      waiting.addFirst(() -> call.complete(Values.of(1)));
      most = Math.max(most, waiting.size());
      if (waiting.size() == together) {
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

  private static Iterator<byte[]> requests(int count) throws Exception {
    List<byte[]> requests = new ArrayList<>();
    for (long id = 0; id < count; id++) {
      RecordHeader header =
          new RecordHeader(Segment.MEASURED, id, 1, 2, 1, 1, false, Status.PENDING, 0, 0, 0);
      requests.add(new BinaryCodec().encode(header, Values.of(id)));
    }
    return requests.iterator();
  }

  private static List<Long> ids(Iterator<byte[]> results) throws Exception {
    List<Long> ids = new ArrayList<>();
    while (results.hasNext()) {
      ids.add(new BinaryCodec().decode(results.next()).header().id());
    }
    return ids;
  }

  @Test
  void resultsComeInTheOrderOfTheirRecords() throws Exception {
    RecordScorer scorer = new RecordScorer(new Reversed(4), 1, "binary");
    List<Long> ids = ids(new Window(requests(100), scorer, 4, true));
    assertEquals(LongStream.range(0, 100).boxed().toList(), ids);
  }

  @Test
  void resultsComeAsTheyCome() throws Exception {
    Reversed server = new Reversed(4);
    RecordScorer scorer = new RecordScorer(server, 1, "binary");
    List<Long> ids = ids(new Window(requests(100), scorer, 4, false));
    assertEquals(List.of(2L, 1L, 0L, 3L), ids.subList(0, 4)); // the fourth made them come
    assertEquals(LongStream.range(0, 100).boxed().toList(), ids.stream().sorted().toList());
    assertEquals(4, server.most);
  }

  @Test
  void noMoreThanAllowedAreUnderWay() throws Exception {
    Reversed server = new Reversed(3);
    RecordScorer scorer = new RecordScorer(server, 1, "binary");
    Window results = new Window(requests(10), scorer, 3, false);
    assertTrue(results.hasNext());
    assertEquals(0, server.calls); // nothing begins before somebody asks for a result
    results.next();
    assertEquals(3, server.calls);
  }

  @Test
  void aTaskWithoutRecordsHasNoResults() throws Exception {
    RecordScorer scorer = new RecordScorer(new Reversed(1), 1, "binary");
    Window results = new Window(requests(0), scorer, 3, true);
    assertFalse(results.hasNext());
    assertThrows(NoSuchElementException.class, results::next);
  }

  @Test
  void aTaskThatIsKilledWhileItWaitsSaysSo() throws Exception {
    RecordScorer scorer = new RecordScorer(new Reversed(9), 1, "binary");
    Window results = new Window(requests(2), scorer, 2, false);
    Thread.currentThread().interrupt();
    assertThrows(IllegalStateException.class, results::next);
    assertTrue(Thread.interrupted());
  }
}
