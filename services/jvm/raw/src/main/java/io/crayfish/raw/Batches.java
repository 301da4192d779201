package io.crayfish.raw;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;

/** The distinct inputs, each as a record's values lie in its message: in a byte array. */
final class Batches {
  private final ByteBuffer[] batches;
  private final int batch;

  Batches(Points points, int batch, int pool) {
    this.batch = batch;
    this.batches = new ByteBuffer[pool];
    int size = points.values().length / points.count();
    for (int payload = 0; payload < pool; payload++) {
      batches[payload] = ByteBuffer.wrap(new byte[4 * batch * size]).order(LITTLE_ENDIAN);
      for (int place = 0; place < batch; place++) {
        int first = points.index(payload, pool, batch, place) * size;
        batches[payload]
            .asFloatBuffer()
            .position(place * size)
            .put(points.values(), first, size);
      }
    }
  }

  /** Points in each. */
  int size() {
    return batch;
  }

  /** That of a call. */
  ByteBuffer of(long call) {
    return batches[(int) (call % batches.length)].duplicate().order(LITTLE_ENDIAN);
  }
}
