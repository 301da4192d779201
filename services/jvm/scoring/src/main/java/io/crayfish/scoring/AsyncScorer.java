package io.crayfish.scoring;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A scorer that waits for somebody else, a model server: many calls can be under way at the same time.
 * Its methods may be called by any thread, except {@link #load}.
 */
public interface AsyncScorer extends Scorer {
  /**
   * Begin a call.
   *
   * @param points batch * values float32, from the buffer's position to its limit; not changed by
   *     anybody until the call has ended
   * @param batch how many points
   * @return batch * outputs float32; fails with a {@link CallException}, never later than the call's
   *     deadline. What depends on it runs in the thread that got the answer, and must not block
   */
  CompletableFuture<float[]> submit(FloatBuffer points, int batch);

  /**
   * The same for values that lie in bytes, little-endian, so that a client which sends bytes need not
   * make them again.
   */
  default CompletableFuture<float[]> submit(ByteBuffer points, int batch) {
    return submit(points.slice().order(LITTLE_ENDIAN).asFloatBuffer(), batch);
  }

  /** A call, and its answer. */
  @Override
  default float[] score(FloatBuffer points, int batch) throws Exception {
    return answer(submit(points, batch));
  }

  /** The same for values that lie in bytes. */
  default float[] score(ByteBuffer points, int batch) throws Exception {
    return answer(submit(points, batch));
  }

  private static float[] answer(CompletableFuture<float[]> call) throws Exception {
    try {
      return call.get();
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof Exception cause ? cause : failed;
    }
  }
}
