package io.crayfish.raw;

import io.crayfish.contract.Reason;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What was measured.
 *
 * @param startsNs Unix ns before each call
 * @param endsNs Unix ns after each
 * @param outputs of each; null where it failed
 * @param reasons why each failed
 * @param cpuNs of the whole process while they were made
 */
record Calls(
    long[] startsNs,
    long[] endsNs,
    List<ByteBuffer> outputs,
    List<Reason> reasons,
    long cpuNs) {
  int count() {
    return outputs.size();
  }
}
