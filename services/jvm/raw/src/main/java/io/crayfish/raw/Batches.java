package io.crayfish.raw;

import io.crayfish.contract.Values;
import java.nio.ByteBuffer;

/** The distinct inputs, each as a record's values lie in its message: in a byte array. */
final class Batches {
  private final ByteBuffer[] batches;
  private final int batch;

  Batches(Points points, int batch, int pool) {
    this.batch = batch;
    this.batches = new ByteBuffer[pool];
    ByteBuffer values = points.values();
    int size = values.remaining() / points.count();
    for (int payload = 0; payload < pool; payload++) {
      batches[payload] = Values.allocate(batch * size);
      for (int place = 0; place < batch; place++) {
        int first = points.index(payload, pool, batch, place) * size;
        batches[payload].put(place * size, values, values.position() + first, size);
      }
    }
  }

  /** Points in each. */
  int size() {
    return batch;
  }

  /** That of a call. */
  ByteBuffer of(long call) {
    return Values.again(batches[(int) (call % batches.length)]);
  }
}
