package io.crayfish.tfpredict;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.ScorerException;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The models, the threads that score, and the server before them. */
final class PredictServer implements AutoCloseable {
  private static final int MESSAGE_BYTES = 64 << 20;

  private final ThreadPoolExecutor threads;
  private final Map<String, Served> models;
  private final Server server;

  /**
   * Load the models and listen.
   *
   * @param tool that reads the model
   * @param port 0: any that is free
   * @throws ScorerException if the model cannot be served
   * @throws IOException if the port is taken
   */
  PredictServer(Settings settings, String tool, int port, PrometheusRegistry registry)
      throws ScorerException, IOException {
    RunConfig.Model model = settings.model();
    int count = settings.threads();
    models =
        Map.of(
            model.name(), Served.load(tool, model, count), //
            "noop", Served.load("noop", model, count));
    threads =
        new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
    Metrics metrics = new Metrics(registry, threads.getQueue()::size);
    server =
        NettyServerBuilder.forPort(port)
            .executor(threads)
            .maxInboundMessageSize(MESSAGE_BYTES)
            .addService(new Predictions(model, models, metrics))
            .build()
            .start();
  }

  int port() {
    return server.getPort();
  }

  void awaitEnd() throws InterruptedException {
    server.awaitTermination();
  }

  /**
   * Take no more calls, and end those that are under way.
   *
   * @return whether all ended in time
   */
  boolean stop(long seconds) throws InterruptedException {
    server.shutdown();
    boolean ended = server.awaitTermination(seconds, TimeUnit.SECONDS);
    server.shutdownNow();
    return ended;
  }

  @Override
  public void close() {
    server.shutdownNow();
    threads.shutdown();
    models.values().forEach(Served::close);
  }
}
