package io.crayfish.scoring;

import java.nio.ByteBuffer;

/** What every tool offers. One scorer belongs to one thread, unless it is an {@link AsyncScorer}. */
public interface Scorer extends AutoCloseable {
  /**
   * Read the model, and answer one point.
   *
   * @throws ScorerException if the model file is missing, broken, or of other shapes or types
   */
  void load() throws ScorerException;

  /**
   * Predictions for a batch in one model call.
   *
   * @param points batch * values of the model's input dtype as bytes, little-endian (the buffer's order,
   *     too), from its position to its limit
   * @param batch how many points
   * @return batch * outputs of its output dtype, alike; not used again by the scorer
   * @throws Exception whatever the library throws: the record comes out as failed
   */
  ByteBuffer score(ByteBuffer points, int batch) throws Exception;

  /** Let go of the model; the scorer is not used again. */
  @Override
  void close();
}
