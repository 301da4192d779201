package io.crayfish.scoring;

import java.nio.ByteBuffer;
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
   * @param points batch * values of the model's input dtype as bytes, little-endian (the buffer's order,
   *     too), from its position to its limit; not changed by anybody until the call has ended
   * @param batch how many points
   * @return batch * outputs of its output dtype, alike; fails with a {@link CallException}, never later
   *     than the call's deadline. What depends on it runs in the thread that got the answer, and must
   *     not block
   */
  CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch);

  /** A call, and its answer. */
  @Override
  default ByteBuffer score(ByteBuffer points, int batch) throws Exception {
    try {
      return submit(points, batch).get();
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof Exception cause ? cause : failed;
    }
  }
}
