package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SharedTest {
  private final AtomicInteger closed = new AtomicInteger();
  private final Shared<AutoCloseable> shared = new Shared<>();

  private AutoCloseable open() {
    return new AutoCloseable() {
      @Override
      public void close() {
        closed.incrementAndGet();
      }
    };
  }

  @Test
  void isOpenedOnceAndClosedAfterTheLast() throws Exception {
    AutoCloseable first = shared.take("a", this::open);
    assertSame(first, shared.take("a", this::open));
    assertNotSame(first, shared.take("b", this::open));
    shared.giveBack("a");
    assertEquals(0, closed.get());
    shared.giveBack("a");
    assertEquals(1, closed.get());
    assertNotSame(first, shared.take("a", this::open));
  }

  @Test
  void whatCannotBeOpenedIsTriedAnewByTheNext() throws Exception {
    assertThrows(
        IllegalStateException.class,
        () ->
            shared.take(
                "a",
                () -> {
                  throw new IllegalStateException("no such file");
                }));
    shared.take("a", this::open);
    shared.giveBack("a");
    assertEquals(1, closed.get());
  }
}
