package io.crayfish.clients;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.ClientProvider;
import io.crayfish.scoring.ScorerException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How a client calls.
 *
 * @param tool for messages
 * @param replicas host:port of each
 * @param served the model's name at the server
 * @param deadlineMs of a call, all its tries together
 * @param channels connections to each replica
 * @param retries how often a call that found nobody is tried again
 * @param patience how long the first right answer may take
 * @param trust whose certificates it takes; null: calls are not encrypted
 */
record Settings(
    String tool,
    List<String> replicas,
    String served,
    long deadlineMs,
    int channels,
    int retries,
    Duration patience,
    Trust trust) {

  /** From the options of a tool, some of which are the server's. */
  static Settings of(
      String tool,
      RunConfig.Model model,
      ClientProvider.Server server,
      Map<String, Object> options)
      throws ScorerException {
    List<String> replicas =
        Arrays.stream(server.address().split(",")).map(String::strip).filter(one -> !one.isEmpty()).toList();
    for (String replica : replicas) {
      if (!replica.matches(".+:\\d+")) {
        throw new ScorerException("tool " + tool + ": address " + replica + " is not host:port");
      }
    }
    if (replicas.isEmpty()) {
      throw new ScorerException("tool " + tool + ": no address of a server");
    }
    Object serve = options.getOrDefault("serve", "model");
    if (!serve.equals("model") && !serve.equals("noop")) {
      throw new ScorerException(
          "tool " + tool + ": option serve: " + serve + " is neither model nor noop");
    }
    String own = options.getOrDefault("model_name", "").toString();
    return new Settings(
        tool,
        replicas,
        serve.equals("noop") ? "noop" : own.isEmpty() ? model.name() : own,
        Math.round(number(tool, options, "deadline_ms", 5000, 1)),
        (int) number(tool, options, "channels", 1, 1),
        (int) number(tool, options, "retries", 0, 0),
        server.patience(),
        Trust.of(tool, server.tls()));
  }

  private static double number(
      String tool, Map<String, Object> options, String name, int otherwise, int least)
      throws ScorerException {
    Object value = options.getOrDefault(name, otherwise);
    if (value instanceof Number number && number.doubleValue() >= least) {
      return number.doubleValue();
    }
    throw new ScorerException(
        "tool " + tool + ": option " + name + ": " + value + " is not a number from " + least);
  }
}
