package io.crayfish.kstreams;

import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;

/**
 * What Prometheus gets, read when it asks.
 *
 * <p>Not by way of JMX: an agent that asks beans for all their attributes takes this process more than
 * twice as long, each second, while it is measured.
 */
final class StreamMetrics implements MultiCollector {
  private static final int PORT = 9404;

  /** Kafka Streams' name of a figure of a stream thread, and ours; counters end in -total. */
  private static final Map<String, String> THREAD =
      Map.of(
          "process-total", "kafka_streams_thread_process",
          "poll-total", "kafka_streams_thread_poll",
          "commit-total", "kafka_streams_thread_commit",
          "process-latency-avg", "kafka_streams_thread_process_latency_avg",
          "commit-latency-avg", "kafka_streams_thread_commit_latency_avg");

  private final Supplier<Map<MetricName, ? extends Metric>> metrics;

  StreamMetrics(Supplier<Map<MetricName, ? extends Metric>> metrics) {
    this.metrics = metrics;
  }

  /**
   * Answer on the port, in a daemon thread.
   *
   * @throws IOException if the port is taken
   */
  static void serve(Supplier<Map<MetricName, ? extends Metric>> metrics) throws IOException {
    PrometheusRegistry registry = new PrometheusRegistry();
    registry.register(new StreamMetrics(metrics));
    HTTPServer.builder().port(PORT).registry(registry).buildAndStart();
  }

  @Override
  public MetricSnapshots collect() {
    Map<String, CounterSnapshot.Builder> counters = new TreeMap<>();
    Map<String, GaugeSnapshot.Builder> gauges = new TreeMap<>();
    for (Map.Entry<MetricName, ? extends Metric> entry : metrics.get().entrySet()) {
      MetricName name = entry.getKey();
      if (name.group().equals("stream-thread-metrics") && THREAD.containsKey(name.name())) {
        Labels thread = Labels.of("thread", name.tags().getOrDefault("thread-id", ""));
        String ours = THREAD.get(name.name());
        if (name.name().endsWith("-total")) {
          count(counters, ours, value(entry.getValue()), thread);
        } else {
          gauge(gauges, ours, value(entry.getValue()), thread);
        }
      } else if (name.name().equals("records-lag") && name.tags().containsKey("partition")) {
        Labels partition =
            Labels.of("topic", name.tags().get("topic"), "partition", name.tags().get("partition"));
        gauge(gauges, "kafka_streams_consumer_records_lag", value(entry.getValue()), partition);
      }
    }
    double heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    gauge(gauges, "jvm_heap_used_bytes", heap, Labels.EMPTY);
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      Labels collector = Labels.of("collector", bean.getName());
      count(counters, "jvm_gc_milliseconds", Math.max(0, bean.getCollectionTime()), collector);
    }
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    counters.values().forEach(counter -> all.metricSnapshot(counter.build()));
    gauges.values().forEach(gauge -> all.metricSnapshot(gauge.build()));
    return all.build();
  }

  private static void count(
      Map<String, CounterSnapshot.Builder> counters, String name, double value, Labels labels) {
    counters
        .computeIfAbsent(name, ours -> CounterSnapshot.builder().name(ours))
        .dataPoint(CounterDataPointSnapshot.builder().value(value).labels(labels).build());
  }

  private static void gauge(
      Map<String, GaugeSnapshot.Builder> gauges, String name, double value, Labels labels) {
    gauges
        .computeIfAbsent(name, ours -> GaugeSnapshot.builder().name(ours))
        .dataPoint(GaugeDataPointSnapshot.builder().value(value).labels(labels).build());
  }

  private static double value(Metric metric) {
    return metric.metricValue() instanceof Number number ? number.doubleValue() : Double.NaN;
  }
}
