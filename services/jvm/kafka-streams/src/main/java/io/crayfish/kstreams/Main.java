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
import org.apache.kafka.streams.kstream.KStream;

/** Runs the topology until SIGTERM, or until a thread dies. */
public final class Main {
  private static final JsonLog LOG = new JsonLog("kafka-streams");

  private final CountDownLatch died = new CountDownLatch(1);
  private final Thread stop = new Thread(this::stop, "stop");
  private volatile KafkaStreams streams;
  private volatile Duration patience = Duration.ZERO;

  private Main() {}

  /** Takes no arguments: the run config says it all. */
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
  private int run() throws InterruptedException, IOException {
    RunConfig config;
    Options options;
    try {
      config = RunConfig.load(RunConfig.PATH);
      options = Options.parse(config.processor().options());
      check(config);
      // Once before anything starts: the error comes at once, and in words.
      Tools.open(config).close();
    } catch (IOException | IllegalArgumentException error) {
      LOG.error(error.getMessage());
      return ServiceExit.BAD_CONFIG;
    } catch (ScorerException error) {
      LOG.error(error.getMessage());
      return error.exitCode();
    }
    try {
      Topics.ensure(config.kafka(), config.deadlines().ready());
    } catch (KafkaException error) {
      LOG.error(config.kafka().bootstrap() + ": " + error.getMessage());
      return ServiceExit.UNREACHABLE;
    }
    patience = Duration.ofMillis(Math.round(1000 * config.deadlines().stop()));
    streams = streams(config, options);
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
    streams.start();
    died.await(); // SIGTERM ends the process in the hook
    streams.close(patience);
    return ServiceExit.BUG;
  }

  private static KafkaStreams streams(RunConfig config, Options options) {
    Properties settings = Settings.of(config, options);
    return config.call().async()
        ? new KafkaStreams(topology(config), settings, new ScoringClients(config))
        : new KafkaStreams(topology(config), settings);
  }

  /** With many records under way for a thread, its producer scores ({@link ScoringProducer}). */
  static Topology topology(RunConfig config) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<byte[], byte[]> records = builder.stream(config.kafka().inputTopic());
    KStream<byte[], byte[]> sent =
        config.call().async() ? records : records.processValues(() -> new ScoreRecords(config));
    sent.to(config.kafka().outputTopic());
    return builder.build();
  }

  /**
   * Check what only this processor knows.
   *
   * @throws IllegalArgumentException naming what it cannot do
   */
  static void check(RunConfig config) {
    if (config.call().batched()) {
      throw new IllegalArgumentException(
          "call.mode: batched: Kafka Streams hands records over one at a time;"
              + " choose blocking or async");
    }
  }

  /**
   * What has been scored is sent and committed. What has been read and not scored yet is left: it is
   * not committed, so it is not lost. Without this hook a JVM that SIGTERM ends would say 143.
   */
  private void stop() {
    KafkaStreams running = streams;
    boolean closed = running == null || running.close(patience);
    LOG.info(closed ? "stopped" : "did not stop in time");
    Runtime.getRuntime().halt(closed ? ServiceExit.OK : ServiceExit.BUG);
  }
}
