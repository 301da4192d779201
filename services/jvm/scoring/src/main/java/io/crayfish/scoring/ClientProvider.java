package io.crayfish.scoring;

import io.crayfish.contract.RunConfig;
import java.time.Duration;
import java.util.Map;

/** Makes the clients of one model server; named in META-INF/services of the clients' jar. */
public interface ClientProvider {
  /** The server's name, as in configs/tools. */
  String tool();

  /**
   * A client, which has not called yet.
   *
   * @param model that it asks for
   * @param address of the server, host:port, several with commas between them
   * @param patience how long {@link Scorer#load} may wait for the first right answer
   * @param options of the run config, the server's own among them; all are taken out
   * @throws ScorerException if an option or the address has no usable value
   */
  AsyncScorer connect(
      RunConfig.Model model, String address, Duration patience, Map<String, Object> options)
      throws ScorerException;
}
