package io.crayfish.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Codec;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ScorerPoolTest {
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final AtomicInteger atOnce = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch answer = new CountDownLatch(1);
  private boolean waits;

  /** Counts what happens to it; belongs to one thread at a time, which it checks. */
  private final class Counting implements Scorer {
    private final AtomicInteger users = new AtomicInteger();
    private boolean gone;

    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer points, int batch) throws Exception {
      most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
      if (gone || users.incrementAndGet() > 1) {
        throw new IllegalStateException("closed, or used by two");
      }
      entered.countDown();
      if (waits) {
        answer.await();
      }
      Thread.onSpinWait();
      users.decrementAndGet();
      atOnce.decrementAndGet();
      return Values.allocate(4 * batch);
    }

    @Override
    public void close() {
      gone = true;
      closed.incrementAndGet();
    }
  }

  private RecordScorer open() {
    opened.incrementAndGet();
    return new RecordScorer(new Counting(), 1, "binary");
  }

  private static byte[] request() throws Exception {
    RecordHeader header =
        new RecordHeader(Segment.MEASURED, 7, 1, 2, 1, 1, false, Status.PENDING, 0, 0, 0);
    return Codec.of("binary").encode(header, Values.of(0.5f));
  }

  private static Status status(byte[] result) throws Exception {
    return Codec.of("binary").decode(result).header().status();
  }

  @Test
  void allAreLoadedBeforeTheFirstRecordAndNoneLater() throws Exception {
    try (ScorerPool pool = new ScorerPool(3, this::open)) {
      assertEquals(3, opened.get());
      for (int i = 0; i < 5; i++) { // each on a thread that has never scored
        Thread thread = new Thread(() -> pool.process(new byte[0]));
        thread.start();
        thread.join();
      }
      assertEquals(3, opened.get());
      assertEquals(0, closed.get());
    }
    assertEquals(3, closed.get());
  }

  @Test
  void moreTasksThanScorersTakeTurns() throws Exception {
    byte[] request = request();
    ExecutorService tasks = Executors.newFixedThreadPool(6);
    try (ScorerPool pool = new ScorerPool(2, this::open)) {
      List<Future<Status>> results = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        results.add(tasks.submit(() -> status(pool.process(request))));
      }
      for (Future<Status> result : results) {
        assertEquals(Status.OK, result.get());
      }
    } finally {
      tasks.shutdownNow();
    }
    assertTrue(most.get() <= 2);
  }

  @Test
  void aScorerAtWorkIsClosedWhenItHasAnswered() throws Exception {
    waits = true;
    byte[] request = request();
    ExecutorService task = Executors.newSingleThreadExecutor();
    ScorerPool pool = new ScorerPool(2, this::open);
    Future<Status> result = task.submit(() -> status(pool.process(request)));
    entered.await();
    pool.close();
    assertEquals(1, closed.get());
    answer.countDown();
    assertEquals(Status.OK, result.get());
    task.shutdown();
    assertTrue(task.awaitTermination(10, TimeUnit.SECONDS));
    assertEquals(2, closed.get());
  }

  @Test
  void aTaskThatIsKilledWhileItWaitsSaysSo() throws Exception {
    ScorerPool pool = new ScorerPool(0, this::open);
    Thread.currentThread().interrupt();
    assertThrows(IllegalStateException.class, () -> pool.process(new byte[0]));
    assertTrue(Thread.interrupted());
  }

  @Test
  void whatWasLoadedIsClosedWhenTheNextCannotBe() {
    ScorerException error =
        assertThrows(
            ScorerException.class,
            () ->
                new ScorerPool(
                    3,
                    () -> {
                      if (opened.get() == 2) {
                        throw new ScorerException("no third");
                      }
                      return open();
                    }));
    assertEquals("no third", error.getMessage());
    assertEquals(2, closed.get());
  }
}
