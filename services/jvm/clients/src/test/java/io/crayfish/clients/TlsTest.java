package io.crayfish.clients;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import io.crayfish.scoring.UnreachableException;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls that are encrypted, and certificates that are refused. */
@Timeout(60)
final class TlsTest {
  private static final String PASSWORD = "of the test";

  private final List<AutoCloseable> servers = new ArrayList<>();
  @TempDir private Path folder;

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable server : servers) {
      server.close();
    }
  }

  /** A key with a certificate of its own for a name, and that certificate in a file. */
  private KeyManagerFactory key(String alias, String name) throws Exception {
    Path store = folder.resolve(alias + ".p12");
    keytool(
        "-genkeypair", "-alias", alias, "-keyalg", "EC", "-dname", "CN=" + name, "-ext",
        "san=dns:" + name, "-ext", "bc=ca:true", "-keystore", store.toString(), "-storepass", PASSWORD);
    keytool(
        "-exportcert", "-rfc", "-alias", alias, "-keystore", store.toString(), "-storepass", PASSWORD,
        "-file", folder.resolve(alias + ".pem").toString());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream stream = Files.newInputStream(store)) {
      keys.load(stream, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    return managers;
  }

  private static void keytool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), said);
  }

  private String start(String transport, KeyManagerFactory key) throws Exception {
    if (transport.equals("http")) {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(key.getKeyManagers(), null, null);
      FakeHttp server = FakeHttp.start(context);
      servers.add(server);
      return server.address();
    }
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(FakeServers.rayServe());
    if (key != null) {
      builder.sslContext(
          GrpcSslContexts.configure(SslContextBuilder.forServer(key), SslProvider.JDK).build());
    }
    Server server = builder.build().start();
    servers.add(server::shutdownNow);
    return "localhost:" + server.getPort();
  }

  private Scorer open(String transport, String address, String tls) throws ScorerException {
    return Tools.open(
        new RunConfig.Tool("ray-serve", Map.of("transport", transport), address, tls),
        FakeServers.MODEL);
  }

  private String pem(String alias) {
    return folder.resolve(alias + ".pem").toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "http"})
  void aCertificateThatIsTrusted(String transport) throws Exception {
    String address = start(transport, key("ours", "localhost"));
    try (Scorer scorer = open(transport, address, pem("ours"))) {
      float[] point = {1, 2, 3, 4, 5, 6.5f};
      assertArrayEquals(new float[] {21.5f, 1}, Values.floats(scorer.score(Values.of(point), 1)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "http"})
  void aCertificateThatIsNotIsSaidAtOnce(String transport) throws Exception {
    String address = start(transport, key("ours", "localhost"));
    key("theirs", "localhost");
    for (String tls : List.of(pem("theirs"), "system")) {
      UnreachableException error =
          assertThrows(UnreachableException.class, () -> open(transport, address, tls));
      assertEquals(3, error.exitCode());
      assertTrue(error.getMessage().contains(address + ": TLS: "), error.getMessage());
      assertTrue(error.getMessage().contains("PKIX path"), error.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "http"})
  void aCertificateOfAnotherHostIsSaidAtOnce(String transport) throws Exception {
    String address = start(transport, key("other", "elsewhere.example"));
    UnreachableException error =
        assertThrows(UnreachableException.class, () -> open(transport, address, pem("other")));
    assertTrue(error.getMessage().contains("localhost"), error.getMessage());
    assertTrue(error.getMessage().contains("TLS: "), error.getMessage());
  }

  @Test
  void aServerWithoutTlsIsSaidAtOnce() throws Exception {
    key("ours", "localhost");
    String address = start("grpc", null);
    UnreachableException error =
        assertThrows(UnreachableException.class, () -> open("grpc", address, pem("ours")));
    assertTrue(error.getMessage().contains(address + ": TLS: "), error.getMessage());
  }

  @Test
  void aFileThatHoldsNoCertificatesIsRefused() throws Exception {
    Path file = folder.resolve("none.pem");
    for (String text : List.of("", "nonsense")) {
      Files.writeString(file, text);
      ScorerException error =
          assertThrows(
              ScorerException.class, () -> open("grpc", "localhost:1", file.toString()));
      assertEquals(2, error.exitCode());
      assertTrue(error.getMessage().contains("none.pem"), error.getMessage());
    }
  }
}
