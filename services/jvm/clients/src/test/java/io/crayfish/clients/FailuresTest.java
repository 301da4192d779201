package io.crayfish.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.protocols.torchserve.InferenceAPIsServiceGrpc;
import io.crayfish.protocols.torchserve.PredictionResponse;
import io.crayfish.protocols.torchserve.PredictionsRequest;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.Tools;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a call that fails says, and what comes after. */
@Timeout(60)
final class FailuresTest {
  private static final int DEADLINE_MS = 400;

  private final List<Server> servers = new ArrayList<>();
  private final List<AsyncScorer> clients = new ArrayList<>();

  /** Its calls end as the test says; the first one, which the client makes by itself, is answered. */
  private static final class Moody extends InferenceAPIsServiceGrpc.InferenceAPIsServiceImplBase {
    private final AtomicInteger calls = new AtomicInteger();
    private final CountDownLatch asked = new CountDownLatch(2);
    private volatile Status status = Status.OK;
    private volatile boolean silent;
    private volatile int outputs = 2;

    @Override
    public void predictions(
        PredictionsRequest request, StreamObserver<PredictionResponse> observer) {
      calls.incrementAndGet();
      asked.countDown();
      if (silent) {
        return;
      }
      if (!status.isOk()) {
        observer.onError(status.asRuntimeException());
        return;
      }
      observer.onNext(
          PredictionResponse.newBuilder()
              .setPrediction(FakeServers.bytes(new float[outputs]))
              .build());
      observer.onCompleted();
    }
  }

  @AfterEach
  void stop() {
    clients.forEach(AsyncScorer::close);
    servers.forEach(Server::shutdownNow);
  }

  private Server start(Moody service, int port) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(loopback, port))
            .directExecutor()
            .addService(service)
            .build()
            .start();
    servers.add(server);
    return server;
  }

  private AsyncScorer client(int retries, Server... replicas) throws Exception {
    List<String> addresses = new ArrayList<>();
    for (Server replica : replicas) {
      addresses.add("localhost:" + replica.getPort());
    }
    Map<String, Object> options = Map.of("deadline_ms", DEADLINE_MS, "retries", retries);
    AsyncScorer client =
        assertInstanceOf(
            AsyncScorer.class,
            Tools.open(
                new RunConfig.Tool("torchserve", options, String.join(",", addresses)),
                FakeServers.MODEL));
    clients.add(client);
    return client;
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
    "UNAVAILABLE,gone,UNAVAILABLE",
    "CANCELLED,it ends,UNAVAILABLE",
    "RESOURCE_EXHAUSTED,queue full,EXHAUSTED",
    "DEADLINE_EXCEEDED,late,DEADLINE",
    "INTERNAL,Worker died.,UNAVAILABLE",
    "INTERNAL,No worker is available to serve request,UNAVAILABLE",
    "INTERNAL,a bug,OTHER",
    "NOT_FOUND,unloaded,OTHER"
  })
  void whatTheServerSaysHasAReason(Status.Code code, String said, Reason reason) throws Exception {
    Moody service = new Moody();
    AsyncScorer client = client(0, start(service, 0));
    service.status = code.toStatus().withDescription(said);
    assertEquals(reason, reason(call(client)));
    service.status = Status.OK;
    assertEquals(8, call(client).get().remaining());
  }

  @Test
  void aSilentServerIsLate() throws Exception {
    Moody service = new Moody();
    AsyncScorer client = client(3, start(service, 0));
    service.silent = true;
    long start = System.nanoTime();
    CompletableFuture<ByteBuffer> call = call(client);
    service.asked.await();
    assertEquals(Reason.DEADLINE, reason(call));
    assertTrue(System.nanoTime() - start >= DEADLINE_MS * 900_000L);
    assertEquals(2, service.calls.get()); // what is late is not tried again
  }

  @Test
  void anAnswerOfAnotherSizeIsBad() throws Exception {
    Moody service = new Moody();
    AsyncScorer client = client(0, start(service, 0));
    service.outputs = 3;
    assertEquals(Reason.BAD_OUTPUT, reason(call(client)));
  }

  @Test
  void callsUnderWayFailWhenTheServerDiesAndTheNextOnesFindItWhenItIsBack() throws Exception {
    Moody service = new Moody();
    Server server = start(service, 0);
    int port = server.getPort();
    AsyncScorer client = client(0, server);
    service.silent = true;
    CompletableFuture<ByteBuffer> call = call(client);
    service.asked.await();
    server.shutdownNow().awaitTermination();
    assertEquals(Reason.UNAVAILABLE, reason(call));
    assertEquals(Reason.UNAVAILABLE, reason(call(client)));
    service.silent = false;
    start(service, port);
    while (call(client).handle((output, failed) -> failed).get() != null) {
      Thread.onSpinWait(); // each of them makes the client look again
    }
  }

  @Test
  void aConnectionThatIsCutInACallIsAServerThatIsAway() {
    RayServe protocol = new RayServe(FakeServers.MODEL, "ffnn");
    Status cut = Status.UNKNOWN.withCause(new java.nio.channels.ClosedChannelException());
    assertEquals(Reason.UNAVAILABLE, protocol.reason(cut));
    assertEquals(Reason.OTHER, protocol.reason(Status.UNKNOWN));
  }

  @Test
  void betweenTwoTriesIsAPauseThatGrows() throws Exception {
    Moody service = new Moody();
    AsyncScorer client = client(4, start(service, 0));
    service.status = Status.UNAVAILABLE;
    long start = System.nanoTime();
    assertEquals(Reason.UNAVAILABLE, reason(call(client)));
    assertTrue(System.nanoTime() - start >= 150_000_000L); // 10, 20, 40 and 80 ms
    assertEquals(1 + 5, service.calls.get());
  }

  @Test
  void noTryBeginsAfterTheDeadline() throws Exception {
    Moody service = new Moody();
    AsyncScorer client = client(1000, start(service, 0));
    service.status = Status.UNAVAILABLE;
    long start = System.nanoTime();
    assertEquals(Reason.UNAVAILABLE, reason(call(client)));
    assertTrue(System.nanoTime() - start < 3 * DEADLINE_MS * 1_000_000L);
    assertTrue(service.calls.get() <= 1 + 6, "10 + 20 + 40 + 80 + 160 ms, and no 320");
  }

  @Test
  void replicasAreCalledInTurn() throws Exception {
    Moody one = new Moody();
    Moody other = new Moody();
    AsyncScorer client = client(0, start(one, 0), start(other, 0));
    for (int i = 0; i < 10; i++) {
      call(client).get();
    }
    assertEquals(6, one.calls.get());
    assertEquals(6, other.calls.get());
  }

  @Test
  void aCallThatFoundNobodyIsTriedAgainAtTheNextReplica() throws Exception {
    Moody one = new Moody();
    Moody other = new Moody();
    AsyncScorer client = client(1, start(one, 0), start(other, 0));
    one.status = Status.UNAVAILABLE;
    for (int i = 0; i < 10; i++) {
      assertEquals(8, call(client).get().remaining());
    }
    one.status = Status.RESOURCE_EXHAUSTED;
    assertEquals(Reason.EXHAUSTED, reason(either(call(client), call(client))));
  }

  /** The one of two that fails. */
  private static CompletableFuture<ByteBuffer> either(
      CompletableFuture<ByteBuffer> first, CompletableFuture<ByteBuffer> second) {
    return first.handle((output, failed) -> failed).join() != null ? first : second;
  }

  @Test
  void triesHaveAnEnd() throws Exception {
    Moody service = new Moody();
    AsyncScorer client = client(2, start(service, 0));
    service.status = Status.UNAVAILABLE;
    assertEquals(Reason.UNAVAILABLE, reason(call(client)));
    assertEquals(1 + 3, service.calls.get());
  }
}
