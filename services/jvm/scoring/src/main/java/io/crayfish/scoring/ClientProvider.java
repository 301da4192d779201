package io.crayfish.scoring;

import io.crayfish.contract.RunConfig;
import java.time.Duration;
import java.util.Map;

/** Makes the clients of one model server; named in META-INF/services of the clients' jar. */
public interface ClientProvider {
  /** The server's name, as in configs/tools. */
  String tool();

  /**
   * Where a server is.
   *
   * @param address host:port, several with commas between them
   * @param tls a file of certificates (PEM) that are trusted, or {@code system}: those that the machine
   *     trusts; null: calls are not encrypted
   * @param patience how long {@link Scorer#load} may wait for the first right answer
   */
  record Server(String address, String tls, Duration patience) {}

  /**
   * A client, which has not called yet.
   *
   * @param model that it asks for
   * @param server that it calls
   * @param options of the run config, the server's own among them; all are taken out
   * @throws ScorerException if an option, the address or the certificates have no usable value
   */
  AsyncScorer connect(RunConfig.Model model, Server server, Map<String, Object> options)
      throws ScorerException;
}
