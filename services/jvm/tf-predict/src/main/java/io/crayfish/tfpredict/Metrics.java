package io.crayfish.tfpredict;

import io.grpc.Status;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.IntSupplier;

/** What Prometheus gets. */
final class Metrics {
  private final Counter requests;
  private final Histogram seconds;
  private final Gauge inFlight;

  /**
   * In a registry.
   *
   * @param queue how many calls wait for a thread
   */
  Metrics(PrometheusRegistry registry, IntSupplier queue) {
    requests =
        Counter.builder()
            .name("tf_predict_requests_total")
            .help("Predict calls that have ended")
            .labelNames("model", "status")
            .register(registry);
    seconds =
        Histogram.builder()
            .name("tf_predict_seconds")
            .help("From the begin of a Predict call in a thread to its answer")
            .labelNames("model")
            .classicOnly()
            .register(registry);
    inFlight =
        Gauge.builder()
            .name("tf_predict_in_flight")
            .help("Predict calls in a thread")
            .register(registry);
    GaugeWithCallback.builder()
        .name("tf_predict_queue")
        .help("Calls that wait for a thread")
        .callback(callback -> callback.call(queue.getAsInt()))
        .register(registry);
  }

  void began() {
    inFlight.inc();
  }

  void ended(String model, Status.Code status, long startNs) {
    inFlight.dec();
    requests.labelValues(model, status.name()).inc();
    seconds.labelValues(model).observe((System.nanoTime() - startNs) / 1e9);
  }
}
