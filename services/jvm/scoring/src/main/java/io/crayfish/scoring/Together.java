package io.crayfish.scoring;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.crayfish.contract.Reason;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Records that go to the model in one call, one point after the other. */
public final class Together {
  private final RecordScorer scorer;
  private final List<Begun> requests = new ArrayList<>();

  Together(RecordScorer scorer) {
    this.scorer = scorer;
  }

  /** Take one more; its time of receipt is now. */
  public void add(byte[] message) {
    requests.add(scorer.begin(message, RecordScorer.now()));
  }

  /** How many have been taken. */
  public int size() {
    return requests.size();
  }

  /**
   * A result for each record, in their order. What is no request of the model fails alone; a call that
   * fails is the failure of all its records.
   */
  public List<byte[]> process() {
    try {
      return scored();
    } catch (Error error) {
      throw scorer.ended(error);
    }
  }

  private List<byte[]> scored() {
    int batch = 0;
    int size = 0;
    for (Begun request : requests) {
      if (request.refusal() == null) {
        batch += request.batch();
        size += request.points().remaining();
      }
    }
    if (batch == 0) {
      return requests.stream().map(scorer::refused).toList();
    }
    ByteBuffer points = Values.allocate(size);
    for (Begun request : requests) {
      if (request.refusal() == null) {
        points.put(request.points());
      }
    }
    long handedNs = RecordScorer.now();
    ByteBuffer output = null;
    Exception failed = null;
    try {
      output = scorer.call(points.flip(), batch);
      if (output.remaining() % batch != 0) {
        throw new CallException(
            Reason.BAD_OUTPUT, output.remaining() + " bytes for " + batch + " points");
      }
    } catch (Exception whateverAModelThrows) {
      failed = whateverAModelThrows;
    }
    return results(output, failed, batch, handedNs);
  }

  private List<byte[]> results(ByteBuffer output, Exception failed, int batch, long handedNs) {
    List<byte[]> results = new ArrayList<>(requests.size());
    int size = failed == null ? output.remaining() / batch : 0;
    int at = failed == null ? output.position() : 0;
    for (Begun request : requests) {
      if (request.refusal() != null) {
        results.add(scorer.refused(request));
      } else if (failed != null) {
        results.add(scorer.failed(request, failed, RecordScorer.waitedUs(request, handedNs)));
      } else {
        ByteBuffer own = output.slice(at, request.batch() * size).order(LITTLE_ENDIAN);
        at += request.batch() * size;
        results.add(scorer.finished(request, own, null, RecordScorer.waitedUs(request, handedNs)));
      }
    }
    return results;
  }
}
