package io.crayfish.clients;

import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.UnreachableException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Whose certificates the client of a server takes. */
final class Trust {
  /** In the place of a file: what the machine trusts. */
  private static final String SYSTEM = "system";

  private static final int CHECK_MS = 5000;

  private final String tool;
  private final TrustManagerFactory managers;
  private final SSLContext context;

  private Trust(String tool, TrustManagerFactory managers, SSLContext context) {
    this.tool = tool;
    this.managers = managers;
    this.context = context;
  }

  /**
   * As the run config says it.
   *
   * @param tls a file of certificates (PEM), or {@code system}; null: calls are not encrypted
   * @return null if they are not
   * @throws ScorerException if the file cannot be used
   */
  static Trust of(String tool, String tls) throws ScorerException {
    if (tls == null) {
      return null;
    }
    try {
      KeyStore store = tls.equals(SYSTEM) ? null : store(Path.of(tls));
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return new Trust(tool, managers, context);
    } catch (IOException | GeneralSecurityException error) {
      throw new ScorerException(
          "tool " + tool + ": tool.tls: " + tls + ": no file of certificates: " + error, error);
    }
  }

  private static KeyStore store(Path file) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    Collection<? extends Certificate> found;
    try (InputStream stream = Files.newInputStream(file)) {
      found = CertificateFactory.getInstance("X.509").generateCertificates(stream);
    }
    if (found.isEmpty()) {
      throw new IOException("it has none");
    }
    int number = 0;
    for (Certificate one : found) {
      store.setCertificateEntry(String.valueOf(number++), one);
    }
    return store;
  }

  TrustManagerFactory managers() {
    return managers;
  }

  SSLContext context() {
    return context;
  }

  /**
   * Why a call found nobody, if TLS is the reason: clients say no more than that they did not get
   * through.
   *
   * @param replica host:port
   * @throws UnreachableException if the server's certificate is refused, or it speaks no TLS
   */
  void check(String replica) throws UnreachableException {
    int colon = replica.lastIndexOf(':');
    String host = replica.substring(0, colon);
    int port = Integer.parseInt(replica.substring(colon + 1));
    try (Socket plain = new Socket()) {
      plain.connect(new InetSocketAddress(host, port), CHECK_MS);
      plain.setSoTimeout(CHECK_MS);
      try (SSLSocket socket =
          (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the name is checked, too
        socket.setSSLParameters(parameters);
        socket.startHandshake();
      }
    } catch (SSLException refused) {
      if (!(refused.getCause() instanceof EOFException)) { // else it is about to start, or to end
        throw new UnreachableException(
            "tool " + tool + ": " + replica + ": TLS: " + refused.getMessage());
      }
    } catch (IOException away) {
      // Not TLS: whoever asks waits for it.
    }
  }
}
