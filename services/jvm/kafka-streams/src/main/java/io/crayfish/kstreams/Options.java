package io.crayfish.kstreams;

import java.util.Map;
import java.util.Set;

/**
 * The knobs of configs/processors/kafka-streams.yaml; docs/kafka-streams.md says why they stand where
 * they stand.
 *
 * @param sinkLingerMs how long the producer may wait for more records
 * @param sinkBatchBytes the most that one request carries of a partition
 * @param progressIntervalMs between two commits of the offsets (and of the transaction)
 * @param pollMs how long a thread may wait for records before it looks after something else
 * @param pollRecords records that a thread takes at a time
 * @param fetchMaxWaitMs how long the broker may hold an empty fetch
 * @param threadsPerInstance stream threads of this instance; 0: all there are
 */
record Options(
    int sinkLingerMs,
    int sinkBatchBytes,
    int progressIntervalMs,
    int pollMs,
    int pollRecords,
    int fetchMaxWaitMs,
    int threadsPerInstance) {
  private static final Set<String> NAMES =
      Set.of(
          "sink_linger_ms",
          "sink_batch_bytes",
          "progress_interval_ms",
          "poll_ms",
          "poll_records",
          "fetch_max_wait_ms",
          "threads_per_instance");

  /**
   * From the run config.
   *
   * @throws IllegalArgumentException naming the option
   */
  static Options parse(Map<String, Object> options) {
    for (String name : options.keySet()) {
      if (!NAMES.contains(name)) {
        throw new IllegalArgumentException(
            "processor.options." + name + ": kafka-streams has no such option");
      }
    }
    return new Options(
        number(options, "sink_linger_ms", 0, 0),
        number(options, "sink_batch_bytes", 262144, 1),
        number(options, "progress_interval_ms", 5000, 1),
        number(options, "poll_ms", 100, 1),
        number(options, "poll_records", 500, 1),
        number(options, "fetch_max_wait_ms", 500, 1),
        number(options, "threads_per_instance", 0, 0));
  }

  private static int number(Map<String, Object> options, String name, int otherwise, int least) {
    Object value = options.getOrDefault(name, otherwise);
    if (value instanceof Integer number && number >= least) {
      return number;
    }
    throw new IllegalArgumentException(
        "processor.options." + name + ": " + value + " is not a whole number from " + least);
  }
}
