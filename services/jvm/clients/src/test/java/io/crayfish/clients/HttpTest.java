package io.crayfish.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.Tools;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a call over HTTP that fails says, and what comes after. */
@Timeout(60)
final class HttpTest {
  private static final int DEADLINE_MS = 400;

  private final List<FakeHttp> servers = new ArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(FakeHttp::close);
  }

  private FakeHttp start() throws Exception {
    FakeHttp server = FakeHttp.start();
    servers.add(server);
    return server;
  }

  private static AsyncScorer client(int retries, FakeHttp... replicas) throws Exception {
    List<String> addresses = new ArrayList<>();
    for (FakeHttp replica : replicas) {
      addresses.add(replica.address());
    }
    Map<String, Object> options =
        Map.of("transport", "http", "deadline_ms", DEADLINE_MS, "retries", retries);
    return assertInstanceOf(
        AsyncScorer.class,
        Tools.open(
            new RunConfig.Tool("ray-serve", options, String.join(",", addresses)),
            FakeServers.MODEL));
  }

  private static CompletableFuture<ByteBuffer> call(AsyncScorer client) {
    return client.submit(Values.allocate(24), 1);
  }

  private static Reason reason(CompletableFuture<ByteBuffer> call) {
    ExecutionException failed = assertThrows(ExecutionException.class, call::get);
    return assertInstanceOf(CallException.class, failed.getCause()).reason();
  }

  @ParameterizedTest
  @CsvSource({
    "400,OTHER", "404,OTHER", "408,DEADLINE", "429,EXHAUSTED", "500,OTHER", "502,UNAVAILABLE",
    "503,UNAVAILABLE", "504,DEADLINE"
  })
  void aStatusHasAReason(int status, Reason reason) throws Exception {
    FakeHttp server = start();
    AsyncScorer client = client(0, server);
    server.status = status;
    assertEquals(reason, reason(call(client)));
    server.status = 200;
    assertEquals(8, call(client).get().remaining());
  }

  @Test
  void aSilentServerIsLate() throws Exception {
    FakeHttp server = start();
    AsyncScorer client = client(3, server);
    server.silent = true;
    long start = System.nanoTime();
    assertEquals(Reason.DEADLINE, reason(call(client)));
    assertTrue(System.nanoTime() - start >= DEADLINE_MS * 900_000L);
  }

  @Test
  void aServerThatHasGoneIsAway() throws Exception {
    FakeHttp server = start();
    AsyncScorer client = client(0, server);
    server.close();
    assertEquals(Reason.UNAVAILABLE, reason(call(client)));
  }

  @Test
  void aCallThatFoundNobodyIsTriedAgainAtTheNextReplica() throws Exception {
    FakeHttp one = start();
    AsyncScorer client = client(1, one, start());
    one.status = 503;
    for (int i = 0; i < 10; i++) {
      assertEquals(8, call(client).get().remaining());
    }
  }
}
