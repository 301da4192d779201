package io.crayfish.kstreams;

import java.util.Map;
import java.util.Set;

/**
 * The knobs of configs/processors/kafka-streams.yaml; docs/kafka-streams.md says why they stand where
 * they stand.
 *
 * @param lingerMs how long the producer may wait for more records
 * @param commitIntervalMs between two commits of the offsets (and of the transaction)
 * @param pollMs how long a thread may wait for records before it looks after something else
 * @param maxPollRecords records that a thread takes at a time
 * @param threadsPerInstance stream threads of this instance; 0: all there are
 */
record Options(
    int lingerMs, int commitIntervalMs, int pollMs, int maxPollRecords, int threadsPerInstance) {
  private static final Set<String> NAMES =
      Set.of(
          "linger_ms", "commit_interval_ms", "poll_ms", "max_poll_records", "threads_per_instance");

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
        number(options, "linger_ms", 0, 0),
        number(options, "commit_interval_ms", 5000, 1),
        number(options, "poll_ms", 100, 1),
        number(options, "max_poll_records", 1000, 1),
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
