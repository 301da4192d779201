package io.crayfish.scoring;

import java.nio.FloatBuffer;

/** What every tool offers. One scorer belongs to one thread, unless it is an {@link AsyncScorer}. */
public interface Scorer extends AutoCloseable {
  /**
   * Read the model, and answer one point.
   *
   * @throws ScorerException if the model file is missing, broken or of other shapes
   */
  void load() throws ScorerException;

  /**
   * Predictions for a batch in one model call.
   *
   * @param points batch * values float32, from the buffer's position to its limit
   * @param batch how many points
   * @return batch * outputs float32; not used again by the scorer
   * @throws Exception whatever the library throws: the record comes out as failed
   */
  float[] score(FloatBuffer points, int batch) throws Exception;

  /** Let go of the model; the scorer is not used again. */
  @Override
  void close();
}
