package io.crayfish.contract;

import java.util.Map;
import java.util.TreeMap;

/** How clients of Kafka protect their connections. */
public final class KafkaSecurity {
  /** In the place of a file: the certificates that the container trusts. */
  private static final String SYSTEM = "system";

  private KafkaSecurity() {}

  /**
   * Settings of a client; none for a broker that asks for nothing.
   *
   * <p>Name and password are not in them: the client reads the file itself, so that no log and no
   * dump of settings has them. In Python: {@code crayfish_contract.security.jvm_security_settings}.
   */
  public static Map<String, String> settings(RunConfig.Kafka kafka) {
    Map<String, String> settings = new TreeMap<>();
    if (kafka.tls() == null && kafka.sasl() == null) {
      return settings;
    }
    settings.put("security.protocol", protocol(kafka));
    if (kafka.tls() != null && !kafka.tls().equals(SYSTEM)) {
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.location", kafka.tls());
    }
    if (kafka.sasl() != null) {
      settings.put("config.providers", "file");
      settings.put(
          "config.providers.file.class",
          "org.apache.kafka.common.config.provider.FileConfigProvider");
      settings.put("sasl.mechanism", kafka.sasl().mechanism());
      settings.put("sasl.jaas.config", login(kafka.sasl()));
    }
    return settings;
  }

  private static String protocol(RunConfig.Kafka kafka) {
    String carried = kafka.tls() == null ? "PLAINTEXT" : "SSL";
    return kafka.sasl() == null ? carried : "SASL_" + carried;
  }

  private static String login(RunConfig.Sasl sasl) {
    String module = sasl.mechanism().equals("PLAIN") ? "plain.Plain" : "scram.Scram";
    String file = "${file:" + sasl.folder() + "/credentials.properties:";
    return "org.apache.kafka.common.security."
        + module
        + "LoginModule required username=\""
        + file
        + "username}\" password=\""
        + file
        + "password}\";";
  }
}
