package io.crayfish.clients;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.clients.FakeServers.Said;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.protocols.tfserving.DataType;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import io.crayfish.scoring.UnreachableException;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each client against a server of its protocol. */
@Timeout(60)
final class ClientsTest {
  private static final String OVER_HTTP = " over http";

  private final AtomicReference<Metadata> headers = new AtomicReference<>();
  private Server server;
  private FakeHttp http;

  @AfterEach
  void stop() {
    if (server != null) {
      server.shutdownNow();
    }
    if (http != null) {
      http.close();
    }
  }

  private String start(BindableService service) throws Exception {
    if (service == null) {
      http = FakeHttp.start();
      return http.address();
    }
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .maxInboundMessageSize(64 << 20)
            .intercept(FakeServers.notes(headers))
            .addService(service)
            .build()
            .start();
    return "localhost:" + server.getPort();
  }

  private static Scorer open(String tool, String address, Map<String, Object> options)
      throws ScorerException {
    return open(tool, address, options, FakeServers.MODEL, 30);
  }

  private static Scorer open(
      String way, String address, Map<String, Object> options, RunConfig.Model model, double ready)
      throws ScorerException {
    String tool = way.replace(OVER_HTTP, "");
    Map<String, Object> all = new HashMap<>(options);
    if (!tool.equals(way)) {
      all.put("transport", "http");
    }
    return Tools.open(
        new RunConfig(
            "run",
            null,
            model,
            new RunConfig.Tool(tool, all, address),
            null,
            null,
            null,
            "binary",
            "at-least-once",
            "kafka",
            null,
            new RunConfig.Deadlines(ready, 7)));
  }

  static Stream<Arguments> servers() {
    return Stream.of(
        Arguments.of("tf-serving", FakeServers.tfServing(false, Said.RIGHT)),
        Arguments.of("tf-predict", FakeServers.tfServing(true, Said.RIGHT)),
        Arguments.of("triton", FakeServers.oip(true, Said.RIGHT)),
        Arguments.of("oip", FakeServers.oip(false, Said.RIGHT)),
        Arguments.of("torchserve", FakeServers.torchServe()),
        Arguments.of("ray-serve", FakeServers.rayServe()),
        Arguments.of("ray-serve" + OVER_HTTP, null));
  }

  @ParameterizedTest
  @MethodSource("servers")
  void predictionsOfOnePointAndOfMany(String tool, BindableService service) throws Exception {
    Map<String, Object> options = Map.of("deadline_ms", 20_000, "batch_size", 16);
    try (Scorer scorer = open(tool, start(service), options)) {
      AsyncScorer client = assertInstanceOf(AsyncScorer.class, scorer);
      float[] point = {1, 2, 3, 4, 5, 6.5f};
      assertArrayEquals(new float[] {21.5f, 1}, Values.floats(scorer.score(Values.of(point), 1)));
      ByteBuffer many = ByteBuffer.allocate(8 + 4 * 18).order(ByteOrder.LITTLE_ENDIAN).position(8);
      for (int i = 0; i < 18; i++) {
        many.putFloat(i);
      }
      many.position(8);
      assertEquals(Values.of(15, 0, 51, 6, 87, 12), client.submit(many, 3).get());
      float[] large = new float[6 * 250_000]; // beyond gRPC's own limit of 4 MiB
      large[0] = 1;
      assertEquals(1, client.submit(Values.of(large), 250_000).get().getFloat(0));
    }
  }

  @ParameterizedTest
  @MethodSource("servers")
  void aModelThatDoesNothingIsAskedForByItsName(String tool, BindableService service)
      throws Exception {
    try (Scorer scorer = open(tool, start(service), Map.of("serve", "noop"))) {
      assertEquals(8, scorer.score(Values.allocate(24), 1).remaining());
    }
    if (http != null) {
      assertEquals("/noop", http.path);
      return;
    }
    String application =
        headers.get().get(Metadata.Key.of("application", Metadata.ASCII_STRING_MARSHALLER));
    assertEquals(tool.equals("ray-serve") ? "noop" : null, application);
  }

  @Test
  void aHandlerOfTextIsSentText() throws Exception {
    String address = start(FakeServers.torchServe());
    try (Scorer scorer = open("torchserve", address, Map.of("handler", "json"))) {
      float[] point = {7, 2, 3, 4, 5, 0.5f};
      assertArrayEquals(new float[] {21.5f, 7}, Values.floats(scorer.score(Values.of(point), 1)));
    }
  }

  @Test
  void theServersOwnNameOfTheModelIsAskedFor() throws Exception {
    String address = start(FakeServers.torchServe());
    RunConfig.Model model =
        new RunConfig.Model("other", "any", "", new int[] {2, 3}, new int[] {2});
    open("torchserve", address, Map.of("model_name", "sums"), model, 5).close();
  }

  static Stream<Arguments> others() {
    Said shape = new Said(DataType.DT_FLOAT, "FP32", 4, 2);
    Said outputs = new Said(DataType.DT_FLOAT, "FP32", 3, 5);
    Said type = new Said(DataType.DT_INT64, "INT64", 3, 2);
    return Stream.of(
        Arguments.of("tf-serving", FakeServers.tfServing(true, shape), "image float32[-1, 2, 4]"),
        Arguments.of("tf-serving", FakeServers.tfServing(true, outputs), "sum float32[-1, 5]"),
        Arguments.of("tf-serving", FakeServers.tfServing(true, type), "image int64[-1, 2, 3]"),
        Arguments.of("triton", FakeServers.oip(true, shape), "image float32[-1, 2, 4]"),
        Arguments.of("triton", FakeServers.oip(true, outputs), "sum float32[-1, 5]"),
        Arguments.of("triton", FakeServers.oip(true, type), "image int64[-1, 2, 3]"));
  }

  @ParameterizedTest
  @MethodSource("others")
  void anotherModelIsSaidInWords(String tool, BindableService service, String has)
      throws Exception {
    String address = start(service);
    ScorerException error =
        assertThrows(ScorerException.class, () -> open(tool, address, Map.of()));
    assertTrue(error.getMessage().contains(has), error.getMessage());
    assertEquals(2, error.exitCode());
  }

  @ParameterizedTest
  @MethodSource("servers")
  void anAnswerOfAnotherSizeIsSaidInWords(String tool, BindableService service) throws Exception {
    String address = start(service);
    RunConfig.Model model =
        new RunConfig.Model("sums", "any", "", new int[] {2, 3}, new int[] {3});
    ScorerException error =
        assertThrows(
            ScorerException.class, () -> open(tool, address, Map.of(), model, 30));
    assertEquals(2, error.exitCode());
    assertTrue(error.getMessage().contains("3]"), error.getMessage());
  }

  @ParameterizedTest
  @MethodSource("servers")
  void anUnknownModelIsSaidInWords(String tool, BindableService service) throws Exception {
    if (tool.equals("ray-serve")) {
      return; // its fake looks at no name
    }
    String address = start(service);
    RunConfig.Model model =
        new RunConfig.Model("nobody", "any", "", new int[] {2, 3}, new int[] {2});
    ScorerException error =
        assertThrows(ScorerException.class, () -> open(tool, address, Map.of(), model, 1));
    assertTrue(error.getMessage().contains("nobody"), error.getMessage());
    assertEquals(2, error.exitCode());
  }

  @Test
  void aServerThatIsNotThereIsUnreachable() {
    UnreachableException error =
        assertThrows(
            UnreachableException.class,
            () -> open("triton", "localhost:1", Map.of(), FakeServers.MODEL, 0.5));
    assertEquals(3, error.exitCode());
    assertTrue(error.getMessage().contains("localhost:1"), error.getMessage());
  }

  @Test
  void whatNoClientTakesIsRefused() {
    for (Map<String, Object> options :
        List.of(
            Map.<String, Object>of("deadline_ms", 0),
            Map.<String, Object>of("channels", "two"),
            Map.<String, Object>of("retries", -1),
            Map.<String, Object>of("serve", "other"))) {
      assertThrows(ScorerException.class, () -> open("triton", "localhost:1", options));
    }
    assertThrows(
        ScorerException.class,
        () -> open("ray-serve" + OVER_HTTP, "localhost:1", Map.of("channels", 2)));
    assertThrows(ScorerException.class, () -> open("triton", "localhost", Map.of()));
    assertThrows(ScorerException.class, () -> open("nobody", "localhost:1", Map.of()));
  }
}
