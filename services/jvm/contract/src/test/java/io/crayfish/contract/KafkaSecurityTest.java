package io.crayfish.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** As clients in Python and those that Python starts on the JVM: test_security.py has the same. */
final class KafkaSecurityTest {
  private static Map<String, String> settings(String more) throws Exception {
    String json = "{\"kafka\": {\"bootstrap\": \"b:1\"" + more + "}}";
    return KafkaSecurity.settings(RunConfig.parse(json).kafka());
  }

  @Test
  void aBrokerThatAsksForNothingGetsNoSettings() throws Exception {
    assertEquals(Map.of(), settings(""));
    assertEquals(Map.of(), settings(", \"tls\": null, \"sasl\": null, \"external\": true"));
  }

  @Test
  void aFileOfCertificatesIsTheTruststore() throws Exception {
    assertEquals(
        Map.of(
            "security.protocol", "SSL",
            "ssl.truststore.type", "PEM",
            "ssl.truststore.location", "/ca.pem"),
        settings(", \"tls\": \"/ca.pem\""));
    assertEquals(Map.of("security.protocol", "SSL"), settings(", \"tls\": \"system\""));
  }

  @Test
  void nameAndPasswordAreReadFromTheFileByTheClient() throws Exception {
    Map<String, String> found =
        settings(", \"sasl\": {\"mechanism\": \"SCRAM-SHA-512\", \"folder\": \"/c\"}");
    assertEquals(
        Map.of(
            "security.protocol",
            "SASL_PLAINTEXT",
            "config.providers",
            "file",
            "config.providers.file.class",
            "org.apache.kafka.common.config.provider.FileConfigProvider",
            "sasl.mechanism",
            "SCRAM-SHA-512",
            "sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required"
                + " username=\"${file:/c/credentials.properties:username}\""
                + " password=\"${file:/c/credentials.properties:password}\";"),
        found);
    assertNull(found.get("ssl.truststore.location"));
  }

  @Test
  void theMechanismChoosesTheModule() throws Exception {
    Map<String, String> found =
        settings(
            ", \"tls\": \"/ca.pem\", \"sasl\": {\"mechanism\": \"PLAIN\", \"folder\": \"/c\"}");
    assertEquals("SASL_SSL", found.get("security.protocol"));
    assertEquals(
        "org.apache.kafka.common.security.plain.PlainLoginModule",
        found.get("sasl.jaas.config").split(" ")[0]);
  }
}
