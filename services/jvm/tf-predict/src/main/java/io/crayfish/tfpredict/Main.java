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

  private final Thread stop = new Thread(this::stop, "stop");
  private volatile PredictServer server;

  private Main() {}

  /** Takes no arguments: the environment says it all. */
  public static void main(String[] arguments) {
    Main application = new Main();
    Runtime.getRuntime().addShutdownHook(application.stop); // from the first moment on
    int code = ServiceExit.BUG;
    try {
      code = application.run();
    } catch (Exception bug) {
      bug.printStackTrace();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(application.stop);
    } catch (IllegalStateException stopping) {
      return; // SIGTERM came first: the hook ends the process
    }
    System.exit(code);
  }

  /** Until something goes wrong; returns the exit code that says what. */
  private int run() throws IOException, InterruptedException {
    GRPC.setLevel(Level.WARNING); // it tells what it found on the machine
    PrometheusRegistry registry = new PrometheusRegistry();
    try {
      Settings settings = Settings.of(System.getenv());
      server = new PredictServer(settings, "tf-savedmodel", PORT, registry);
      HTTPServer.builder().port(METRICS_PORT).registry(registry).buildAndStart();
      LOG.info("serving", "model", settings.model().name(), "threads", settings.threads());
    } catch (IllegalArgumentException | ScorerException error) {
      LOG.error(error.getMessage());
      return ServiceExit.BAD_CONFIG;
    }
    server.awaitEnd();
    return ServiceExit.BUG;
  }

  /** Without this hook a JVM that SIGTERM ends would say 143. */
  private void stop() {
    PredictServer serving = server;
    boolean ended = serving == null; // while it loads there is nothing to finish
    try {
      ended = ended || serving.stop(STOP_S);
    } catch (InterruptedException killed) {
      Thread.currentThread().interrupt();
    }
    LOG.info(ended ? "stopped" : "stopped; calls that were under way are cut off");
    Runtime.getRuntime().halt(ServiceExit.OK);
  }
}
