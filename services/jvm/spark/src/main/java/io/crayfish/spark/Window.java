package io.crayfish.spark;

import io.crayfish.scoring.RecordScorer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The results of a task's records, of which so many are under way. It ends with the records: the last
 * result of a task has come before the task ends.
 */
final class Window implements Iterator<byte[]> {
  private final Iterator<byte[]> records;
  private final RecordScorer scorer;
  private final int inFlight;

  /** Results in the order of their records; null: as they come. */
  private final Queue<CompletableFuture<byte[]>> inOrder;

  private final BlockingQueue<byte[]> asTheyCome = new LinkedBlockingQueue<>();
  private int underWay;

  /**
   * Around a task's records.
   *
   * @param scorer of a model server
   * @param inFlight calls under way at most
   * @param ordered whether results come in the order of their records
   */
  Window(Iterator<byte[]> records, RecordScorer scorer, int inFlight, boolean ordered) {
    this.records = records;
    this.scorer = scorer;
    this.inFlight = inFlight;
    this.inOrder = ordered ? new ArrayDeque<>() : null;
  }

  @Override
  public boolean hasNext() {
    return underWay > 0 || records.hasNext();
  }

  /** Begins what may begin, and waits for one result. */
  @Override
  public byte[] next() {
    while (underWay < inFlight && records.hasNext()) {
      CompletableFuture<byte[]> result = scorer.submit(records.next());
      underWay++;
      if (inOrder == null) {
        result.thenAccept(asTheyCome::add);
      } else {
        inOrder.add(result);
      }
    }
    if (underWay == 0) {
      throw new NoSuchElementException();
    }
    byte[] result = await();
    underWay--;
    return result;
  }

  private byte[] await() {
    try {
      return inOrder == null ? asTheyCome.take() : inOrder.remove().get();
    } catch (ExecutionException bug) { // a result does not fail
      throw new IllegalStateException(bug.getCause());
    } catch (InterruptedException killed) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the task was killed while it waited for a result", killed);
    }
  }
}
