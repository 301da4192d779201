package io.crayfish.kstreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.junit.jupiter.api.Test;

final class StreamMetricsTest {
  private record Fixed(MetricName metricName, Object metricValue) implements Metric {}

  private final Map<MetricName, Metric> kafka = new LinkedHashMap<>();

  private void add(String group, String name, Object value, Map<String, String> tags) {
    MetricName key = new MetricName(name, group, "", tags);
    kafka.put(key, new Fixed(key, value));
  }

  private MetricSnapshot found(String name) {
    MetricSnapshots all = new StreamMetrics(() -> kafka).collect();
    List<MetricSnapshot> named =
        all.stream().filter(one -> one.getMetadata().getName().equals(name)).toList();
    assertEquals(1, named.size(), name);
    return named.get(0);
  }

  @Test
  void everyThreadHasItsCount() {
    for (String thread : List.of("a-1", "a-2")) {
      add("stream-thread-metrics", "process-total", 41.0, Map.of("thread-id", thread));
    }
    add("stream-task-metrics", "process-total", 7.0, Map.of("thread-id", "a-1"));
    CounterSnapshot counted = (CounterSnapshot) found("kafka_streams_thread_process");
    assertEquals(2, counted.getDataPoints().size());
    for (CounterSnapshot.CounterDataPointSnapshot point : counted.getDataPoints()) {
      assertEquals(41.0, point.getValue());
    }
  }

  @Test
  void aLagIsThatOfAPartition() {
    String group = "consumer-fetch-manager-metrics";
    add(group, "records-lag", 12.0, Map.of("topic", "in", "partition", "3", "client-id", "x"));
    add(group, "records-lag-max", 99.0, Map.of("client-id", "x"));
    GaugeSnapshot lag = (GaugeSnapshot) found("kafka_streams_consumer_records_lag");
    DataPointSnapshot point = lag.getDataPoints().get(0);
    assertEquals(List.of("in", "3"), List.of(
        point.getLabels().get("topic"), point.getLabels().get("partition")));
  }

  @Test
  void theHeapIsThere() {
    GaugeSnapshot heap = (GaugeSnapshot) found("jvm_heap_used_bytes");
    assertTrue(heap.getDataPoints().get(0).getValue() > 0);
  }
}
