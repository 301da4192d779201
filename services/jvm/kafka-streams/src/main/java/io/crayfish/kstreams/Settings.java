package io.crayfish.kstreams;

import io.crayfish.contract.KafkaSecurity;
import io.crayfish.contract.RunConfig;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;

/** The application's configuration. */
final class Settings {
  /** A pause of the JVM that is shorter than this does not cost it its transaction. */
  private static final int LEAST_TRANSACTION_MS = 5000;

  /** Kafka's own default. */
  private static final int LEAST_POLL_INTERVAL_MS = 300_000;

  /** Kafka Streams' own default of what waits in a partition. */
  private static final int BUFFERED_RECORDS = 1000;

  private Settings() {}

  static Properties of(RunConfig config, Options options) {
    RunConfig.Kafka kafka = config.kafka();
    boolean exactlyOnce = config.delivery().equals("exactly-once");
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, config.runId());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrap());
    settings.putAll(KafkaSecurity.settings(kafka));
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads(config, options));
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    settings.put(
        StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
        exactlyOnce ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, options.progressIntervalMs());
    settings.put(StreamsConfig.POLL_MS_CONFIG, options.pollMs());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, "/tmp/kafka-streams");
    producer(settings, ProducerConfig.LINGER_MS_CONFIG, options.sinkLingerMs());
    producer(settings, ProducerConfig.BATCH_SIZE_CONFIG, options.sinkBatchBytes());
    if (exactlyOnce) {
      int timeout = transactionTimeout(options) + deadline(config);
      producer(settings, ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, timeout);
    } else { // as the other processors' sinks; transactions need all
      producer(settings, ProducerConfig.ACKS_CONFIG, "1");
      producer(settings, ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, false);
    }
    producer(settings, ProducerConfig.MAX_REQUEST_SIZE_CONFIG, kafka.maxMessageBytes());
    // A member that is known by name gets its partitions back as soon as it is back; a nameless one
    // waits until the broker has given up its predecessor (45 s).
    consumer(settings, ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, host());
    consumer(settings, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    consumer(settings, ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
    consumer(settings, ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, options.fetchMaxWaitMs());
    consumer(settings, ConsumerConfig.FETCH_MAX_BYTES_CONFIG, kafka.maxMessageBytes());
    consumer(settings, ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, kafka.maxMessageBytes());
    // The client's own 64 KB make a fetch of megabytes come in pieces of that size, each asked for in
    // turn while the thread waits; -1 leaves the size to the system.
    consumer(settings, ConsumerConfig.RECEIVE_BUFFER_CONFIG, -1);
    consumer(settings, ConsumerConfig.MAX_POLL_RECORDS_CONFIG, options.pollRecords());
    // What is read waits here, counted in records: two polls of large ones are enough to fill a heap.
    settings.put(
        StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG,
        Math.min(BUFFERED_RECORDS, 2 * options.pollRecords()));
    consumer(settings, ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, pollInterval(config));
    return settings;
  }

  /**
   * A topology without state comes back with a new name for its transactions, so nobody ends those
   * that it had open when it died: until they time out, nothing behind them can be read or committed.
   */
  private static int transactionTimeout(Options options) {
    return Math.max(LEAST_TRANSACTION_MS, 2 * options.progressIntervalMs());
  }

  /** A commit waits for the calls that are under way, ms; a library has answered by then. */
  private static int deadline(RunConfig config) {
    return config.call().async()
        ? (int) RunConfig.number(config.tool().options(), "deadline_ms", 5000)
        : 0;
  }

  /**
   * A thread polls again when half of it is over, however many records it still has; but a single
   * record must not take longer, or the group goes on without this member. A record that takes longer
   * than {@code deadlines.ready} never gets here: its canary would not have come back.
   */
  private static int pollInterval(RunConfig config) {
    return (int) Math.max(LEAST_POLL_INTERVAL_MS, Math.ceil(2000 * config.deadlines().ready()));
  }

  private static int threads(RunConfig config, Options options) {
    int own = options.threadsPerInstance();
    return own > 0 ? own : config.parallelism().scorer();
  }

  /** A container keeps its host name when it is started again, and no other has the same. */
  private static String host() {
    return System.getenv().getOrDefault("HOSTNAME", "crayfish");
  }

  private static void producer(Properties settings, String name, Object value) {
    settings.put(StreamsConfig.producerPrefix(name), value);
  }

  private static void consumer(Properties settings, String name, Object value) {
    settings.put(StreamsConfig.consumerPrefix(name), value);
  }
}
