package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OffHeapTest {
  private static final long LIMIT = 1000;
  private final AtomicLong resident = new AtomicLong(100);
  private final AtomicInteger collections = new AtomicInteger();
  private final OffHeap memory =
      new OffHeap(LIMIT, resident::get, collections::incrementAndGet);
  private long now = System.nanoTime();

  private int collectionsAfter(long bytes) {
    resident.set(bytes);
    now += 200_000_000;
    memory.look(now);
    return collections.get();
  }

  @Test
  void whatFillsTheContainerIsCollected() {
    assertEquals(0, collectionsAfter(690));
    assertEquals(1, collectionsAfter(710));
    assertEquals(1, collectionsAfter(150));
    assertEquals(1, collectionsAfter(690));
    assertEquals(2, collectionsAfter(710));
  }

  @Test
  void whatDoesNotGoIsNotAskedForAgainAndAgain() {
    assertEquals(1, collectionsAfter(800));
    assertEquals(1, collectionsAfter(800));
    assertEquals(1, collectionsAfter(870));
    assertEquals(2, collectionsAfter(890));
  }

  @Test
  void theKernelIsAskedTenTimesASecond() {
    collectionsAfter(100);
    resident.set(900);
    memory.look(now + 50_000_000);
    assertEquals(0, collections.get());
    memory.look(now + 150_000_000);
    assertEquals(1, collections.get());
  }
}
