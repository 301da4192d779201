package io.crayfish.kstreams;

import io.crayfish.contract.JsonLog;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.ServiceExit;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import java.io.IOException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/** Runs the topology until SIGTERM, or until a thread dies. */
public final class Main {
  private static final JsonLog LOG = new JsonLog("kafka-streams");

  /** A close that takes longer is given up, so that the container ends within 10 s. */
  private static final Duration CLOSE = Duration.ofSeconds(8);

  private Main() {}

  /** Takes no arguments: the run config says it all. */
  public static void main(String[] arguments) throws Exception {
    int code = run();
    if (code != ServiceExit.OK) { // else the shutdown hook ends the process
      System.exit(code);
    }
  }

  private static int run() throws InterruptedException, IOException {
    RunConfig config;
    Options options;
    try {
      config = RunConfig.load(RunConfig.PATH);
      options = Options.parse(config.processor().options());
      // Once before anything starts: the error comes at once, and in words.
      Tools.open(config.tool(), config.model()).close();
    } catch (IOException | IllegalArgumentException | ScorerException error) {
      LOG.error(error.getMessage());
      return ServiceExit.BAD_CONFIG;
    }
    try {
      Topics.ensure(config.kafka(), config.deadlines().ready());
    } catch (KafkaException error) {
      LOG.error(config.kafka().bootstrap() + ": " + error.getMessage());
      return ServiceExit.UNREACHABLE;
    }
    Properties settings = Settings.of(config, options);
    KafkaStreams streams = new KafkaStreams(topology(config), settings);
    CountDownLatch died = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(
        error -> {
          LOG.error("a stream thread died: " + error, "cause", String.valueOf(error.getCause()));
          died.countDown();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.setStateListener(
        (now, before) -> {
          LOG.info(now.name().toLowerCase(java.util.Locale.ROOT));
          if (now == KafkaStreams.State.ERROR) {
            died.countDown();
          }
        });
    StreamMetrics.serve(streams::metrics);
    Thread stop = new Thread(() -> stop(streams), "stop");
    Runtime.getRuntime().addShutdownHook(stop);
    streams.start();
    died.await(); // SIGTERM ends the process in the hook
    Runtime.getRuntime().removeShutdownHook(stop);
    streams.close(CLOSE);
    return ServiceExit.BUG;
  }

  static Topology topology(RunConfig config) {
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .<byte[], byte[]>stream(config.kafka().inputTopic())
        .processValues(() -> new ScoreRecords(config))
        .to(config.kafka().outputTopic());
    return builder.build();
  }

  /** What was read is scored, sent and committed; a JVM that SIGTERM ends would say 143. */
  private static void stop(KafkaStreams streams) {
    boolean closed = streams.close(CLOSE);
    LOG.info(closed ? "stopped" : "did not stop in time");
    Runtime.getRuntime().halt(closed ? ServiceExit.OK : ServiceExit.BUG);
  }
}
