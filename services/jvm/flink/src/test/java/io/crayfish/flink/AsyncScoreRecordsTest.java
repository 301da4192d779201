package io.crayfish.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.BinaryCodec;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import io.crayfish.scoring.LateProvider;
import io.crayfish.scoring.ScorerException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The function in Flink itself, with a server that answers late and in disorder. */
@Timeout(120)
final class AsyncScoreRecordsTest {
  private static final String RUN =
      """
      {"model": {"name": "m", "input_shape": [1], "output_shape": [1]},
       "tool": {"name": "%s", "options": {}, "address": %s}, "format": "binary",
       "call": {"mode": "async", "in_flight": 16, "ordered": true}}
      """;

  private static byte[] request(long id) throws Exception {
    RecordHeader header =
        new RecordHeader(Segment.MEASURED, id, 1, 2, 1, 1, false, Status.PENDING, 0, 0, 0);
    return new BinaryCodec().encode(header, Values.of(id));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneResultForEachRecord(boolean ordered) throws Exception {
    List<byte[]> requests = new ArrayList<>();
    for (long id = 0; id < 500; id++) {
      requests.add(request(id));
    }
    Configuration settings = new Configuration();
    settings.set(PipelineOptions.OBJECT_REUSE, true);
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(settings).setParallelism(1);
    SingleOutputStreamOperator<byte[]> scored =
        AsyncScoreRecords.after(
            env.fromData(requests), RUN.formatted("late", "\"a:1\""), 16, ordered);
    List<Long> ids = new ArrayList<>();
    int failed = 0;
    for (byte[] result : scored.executeAndCollect(1000)) {
      RecordHeader header = new BinaryCodec().decode(result).header();
      failed += header.status() == Status.FAILED ? 1 : 0;
      ids.add(header.id());
    }
    assertEquals(50, failed);
    List<Long> all = LongStream.range(0, 500).boxed().toList();
    if (ordered) {
      assertEquals(all, ids);
    } else {
      assertEquals(all, ids.stream().sorted().toList());
    }
    int most = LateProvider.MOST_UNDER_WAY.getAndSet(0);
    assertTrue(most > 1 && most <= 16, most + " under way");
  }

  @Test
  void aLibraryIsRefusedWhenItIsOpened() {
    AsyncScoreRecords function = new AsyncScoreRecords(RUN.formatted("noop", "null"));
    assertThrows(ScorerException.class, () -> function.open(null));
  }
}
