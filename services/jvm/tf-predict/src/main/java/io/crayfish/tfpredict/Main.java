package io.crayfish.tfpredict;

import io.crayfish.contract.JsonLog;
import io.crayfish.contract.ServiceExit;
import io.crayfish.scoring.ScorerException;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Serves until SIGTERM. */
public final class Main {
  private static final JsonLog LOG = new JsonLog("tf-predict");
  private static final Logger GRPC = Logger.getLogger("io.grpc");
  private static final int PORT = 8500;
  private static final int METRICS_PORT = 9090;

  /** Of the ten that a container has to stop. */
  private static final long STOP_S = 8;

  private Main() {}

  /** Takes no arguments: the environment says it all. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    GRPC.setLevel(Level.WARNING); // it tells what it found on the machine
    Settings settings;
    PredictServer server;
    PrometheusRegistry registry = new PrometheusRegistry();
    try {
      settings = Settings.of(System.getenv());
      server = new PredictServer(settings, "tf-savedmodel", PORT, registry);
    } catch (IllegalArgumentException | ScorerException error) {
      LOG.error(error.getMessage());
      System.exit(ServiceExit.BAD_CONFIG);
      return;
    }
    HTTPServer.builder().port(METRICS_PORT).registry(registry).buildAndStart();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "stop"));
    LOG.info("serving", "model", settings.model().name(), "threads", settings.threads());
    server.awaitEnd();
  }

  /** Without this hook a JVM that SIGTERM ends would say 143. */
  private static void stop(PredictServer server) {
    boolean ended = false;
    try {
      ended = server.stop(STOP_S);
    } catch (InterruptedException killed) {
      Thread.currentThread().interrupt();
    }
    LOG.info(ended ? "stopped" : "stopped; calls that were under way are cut off");
    Runtime.getRuntime().halt(ServiceExit.OK);
  }
}
