package io.crayfish.clients;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** The model of {@link FakeServers} over HTTP: POST /NAME with the points as body. */
final class FakeHttp implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);

  /** How the next calls end. */
  volatile int status = 200;

  /** It takes the next calls, and answers when it is closed. */
  volatile boolean silent;

  /** Of the last call. */
  volatile String path;

  private FakeHttp(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  static FakeHttp start() throws IOException {
    return new FakeHttp(HttpServer.create(loopback(), 0));
  }

  static FakeHttp start(SSLContext context) throws IOException {
    HttpsServer server = HttpsServer.create(loopback(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    return new FakeHttp(server);
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  String address() {
    return "localhost:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange call) throws IOException {
    path = call.getRequestURI().getPath();
    byte[] points = call.getRequestBody().readAllBytes();
    int batch = Integer.parseInt(call.getRequestHeaders().getFirst("Crayfish-Batch"));
    if (silent) {
      awaitEnd();
    }
    byte[] body = FakeServers.bytes(FakeServers.answer(ByteString.copyFrom(points))).toByteArray();
    int said = status;
    if (!path.equals("/sums") && !path.equals("/noop")) {
      said = 404;
    } else if (points.length != 4 * 6 * batch) {
      said = 400;
    }
    if (said != 200) {
      body = ("no model " + path + ", or as the test wants it").getBytes(StandardCharsets.UTF_8);
    }
    call.sendResponseHeaders(said, body.length);
    call.getResponseBody().write(body);
    call.close();
  }

  private void awaitEnd() {
    try {
      closed.await();
    } catch (InterruptedException killed) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
