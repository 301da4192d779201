package io.crayfish.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.BinaryCodec;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import io.crayfish.scoring.LateProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** The function in Spark itself, with a server that answers late and in disorder. */
final class ScorePartitionsTest {
  private static final String RUN =
      """
      {"model": {"name": "m", "input_shape": [1], "output_shape": [1]},
       "tool": {"name": "late", "options": {}, "address": "a:1"}, "format": "binary",
       "call": {"mode": "async", "in_flight": 16}}
      """;

  @Test
  void oneResultForEachRecord() throws Exception {
    List<byte[]> requests = new ArrayList<>();
    for (long id = 0; id < 500; id++) {
      RecordHeader header =
          new RecordHeader(Segment.MEASURED, id, 1, 2, 1, 1, false, Status.PENDING, 0, 0, 0);
      requests.add(new BinaryCodec().encode(header, Values.of(id)));
    }
    SparkSession session =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config(ScorerPool.SLOTS, "2")
            .config(ScorerPool.RUN_CONFIG, RUN)
            .getOrCreate();
    try (session) {
      Dataset<Row> records =
          session.createDataset(requests, Encoders.BINARY()).repartition(4).toDF("value");
      for (boolean batched : new boolean[] {false, false, true}) { // the scorers were given back
        Dataset<Row> scored =
            batched
                ? ScorePartitions.batched(records, "value", 1)
                : ScorePartitions.underWay(records, "value", 16, false);
        List<Row> results = scored.collectAsList();
        List<Long> ids = new ArrayList<>();
        int failed = 0;
        for (Row row : results) {
          RecordHeader result = new BinaryCodec().decode(row.<byte[]>getAs("value")).header();
          failed += result.status() == Status.FAILED ? 1 : 0;
          ids.add(result.id());
        }
        assertEquals(LongStream.range(0, 500).boxed().toList(), ids.stream().sorted().toList());
        assertEquals(50, failed);
      }
      int most = LateProvider.MOST_UNDER_WAY.get();
      assertTrue(most > 1 && most <= 16, most + " under way");
    }
  }
}
