package io.crayfish.spark;

import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.Together;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;

/**
 * The results of a task's records, several of which go to the model in one call. A task has all its
 * records when it begins, so that none waits for another: a call has as many as it may, and the last
 * one what is left.
 */
final class Batches implements Iterator<byte[]> {
  private final Iterator<byte[]> records;
  private final RecordScorer scorer;
  private final int most;
  private final Queue<byte[]> results = new ArrayDeque<>();

  /**
   * Around a task's records.
   *
   * @param most records in one call
   */
  Batches(Iterator<byte[]> records, RecordScorer scorer, int most) {
    this.records = records;
    this.scorer = scorer;
    this.most = most;
  }

  @Override
  public boolean hasNext() {
    return !results.isEmpty() || records.hasNext();
  }

  @Override
  public byte[] next() {
    if (results.isEmpty()) {
      Together together = scorer.together();
      while (together.size() < most && records.hasNext()) {
        together.add(records.next());
      }
      results.addAll(together.process());
    }
    return results.remove();
  }
}
