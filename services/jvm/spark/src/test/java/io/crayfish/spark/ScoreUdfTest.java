package io.crayfish.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.crayfish.contract.Codec;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;

/** The function in Spark itself, with the tool that needs no model. */
final class ScoreUdfTest {
  private static final String RUN =
      """
      {"model": {"name": "m", "input_shape": [2], "output_shape": [3]},
       "tool": {"name": "noop", "options": {}}, "format": "binary"}
      """;

  private static byte[] request(long id) throws Exception {
    RecordHeader header =
        new RecordHeader(Segment.MEASURED, id, 1, 2, 1, 2, false, Status.PENDING, 0, 0, 0);
    return Codec.of("binary").encode(header, Values.of(0.5f, 1.5f));
  }

  @Test
  void oneResultForEachRecord() throws Exception {
    List<byte[]> requests = new ArrayList<>();
    for (long id = 0; id < 100; id++) {
      requests.add(request(id));
    }
    SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config(ScorerPool.SLOTS, "2")
            .config(ScorerPool.RUN_CONFIG, RUN)
            .getOrCreate();
    try (spark) {
      spark.udf().registerJava("score", ScoreUdf.class.getName(), DataTypes.BinaryType);
      List<byte[]> results =
          spark
              .createDataset(requests, Encoders.BINARY())
              .repartition(4)
              .selectExpr("score(value) AS value")
              .as(Encoders.BINARY())
              .collectAsList();
      List<Long> ids = new ArrayList<>();
      for (byte[] result : results) {
        Codec.Decoded decoded = Codec.of("binary").decode(result);
        assertEquals(Status.OK, decoded.header().status());
        assertEquals(12, decoded.data().remaining());
        ids.add(decoded.header().id());
      }
      assertEquals(100, ids.stream().distinct().count());
    }
  }
}
