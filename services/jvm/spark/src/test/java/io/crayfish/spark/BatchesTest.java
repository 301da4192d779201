package io.crayfish.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.crayfish.contract.BinaryCodec;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import io.crayfish.scoring.RecordScorer;
import io.crayfish.scoring.Scorer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BatchesTest {
  private final List<Integer> calls = new ArrayList<>();

  /** Answers the points. */
  private final class Echo implements Scorer {
    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer points, int batch) {
      calls.add(batch);
      return Values.of(Values.floats(points));
    }

    @Override
    public void close() {}
  }

  @Test
  void aCallHasAsManyAsItMayAndTheLastOneWhatIsLeft() throws Exception {
    List<byte[]> requests = new ArrayList<>();
    for (long id = 0; id < 10; id++) {
      RecordHeader header =
          new RecordHeader(Segment.MEASURED, id, 1, 2, 1, 1, false, Status.PENDING, 0, 0, 0);
      requests.add(new BinaryCodec().encode(header, Values.of(id)));
    }
    RecordScorer scorer = new RecordScorer(new Echo(), 1, "binary");
    Batches results = new Batches(requests.iterator(), scorer, 4);
    for (long id = 0; id < 10; id++) {
      byte[] result = results.next();
      assertEquals(id, new BinaryCodec().decode(result).header().id());
      assertEquals(id, new BinaryCodec().decode(result).data().getFloat(0));
    }
    assertFalse(results.hasNext());
    assertEquals(List.of(4, 4, 2), calls);
  }

  @Test
  void aTaskWithoutRecordsHasNoResults() {
    RecordScorer scorer = new RecordScorer(new Echo(), 1, "binary");
    assertFalse(new Batches(Collections.emptyIterator(), scorer, 4).hasNext());
  }
}
