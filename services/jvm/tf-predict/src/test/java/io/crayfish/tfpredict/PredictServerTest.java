package io.crayfish.tfpredict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.ScorerProvider;
import io.crayfish.scoring.Tools;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server and the client that experiments call it with, around a model that needs no file. */
@Timeout(60)
final class PredictServerTest {
  private static final Map<String, String> ENV =
      Map.of(
          "CRAYFISH_MODEL_NAME", "sums",
          "CRAYFISH_MODEL_PATH", "/models/sums",
          "CRAYFISH_MODEL_INPUT", "2,3",
          "CRAYFISH_MODEL_OUTPUT", "2",
          "TOOL_THREADS", "2");

  private static final CountDownLatch GO_ON = new CountDownLatch(1);
  private static final CountDownLatch ENTERED = new CountDownLatch(1);

  /** Answers the sum of each point and its first value; waits for the test at -1, fails at -2. */
  public static final class Sums implements ScorerProvider {
    @Override
    public String tool() {
      return "sums";
    }

    @Override
    public Scorer create(RunConfig.Model model, Map<String, Object> options, Path folder) {
      return new Scorer() {
        @Override
        public void load() throws ScorerException {
          if (!model.path().equals("/models/sums")) {
            throw new ScorerException(model.path() + ": not there");
          }
        }

        @Override
        public ByteBuffer score(ByteBuffer bytes, int batch) throws Exception {
          FloatBuffer points = bytes.asFloatBuffer();
          float[] sums = new float[2 * batch];
          for (int i = 0; i < 6 * batch; i++) {
            sums[2 * (i / 6)] += points.get(points.position() + i);
          }
          for (int point = 0; point < batch; point++) {
            sums[2 * point + 1] = points.get(points.position() + 6 * point);
          }
          if (sums[1] == -1) {
            ENTERED.countDown();
            GO_ON.await();
          } else if (sums[1] == -2) {
            throw new IllegalStateException("two below zero");
          }
          return Values.of(sums);
        }

        @Override
        public void close() {}
      };
    }
  }

  private final PrometheusRegistry registry = new PrometheusRegistry();

  private PredictServer start() throws Exception {
    return new PredictServer(Settings.of(ENV), "sums", 0, registry);
  }

  private static AsyncScorer client(PredictServer server, String serve, int... input)
      throws ScorerException {
    RunConfig.Model model = new RunConfig.Model("sums", "any", "", input, new int[] {2});
    String address = "localhost:" + server.port();
    Map<String, Object> options = Map.of("serve", serve, "deadline_ms", 30_000);
    return (AsyncScorer) Tools.open(new RunConfig.Tool("tf-predict", options, address), model);
  }

  @Test
  void predictionsOfOnePointAndOfMany() throws Exception {
    try (PredictServer server = start();
        AsyncScorer client = client(server, "model", 2, 3)) {
      float[] point = {1, 2, 3, 4, 5, 6};
      assertArrayEquals(new float[] {21, 1}, Values.floats(client.score(Values.of(point), 1)));
      List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        calls.add(client.submit(Values.of(i, 1, 0, 0, 0, 0), 1));
      }
      for (int i = 0; i < 200; i++) {
        assertArrayEquals(new float[] {i + 1, i}, Values.floats(calls.get(i).get()));
      }
      float[] large = new float[6 * 250_000];
      assertEquals(2_000_000, client.score(Values.of(large), 250_000).remaining());
    }
    String text = metrics();
    assertTrue(
        text.contains("tf_predict_requests_total{model=\"sums\",status=\"OK\"} 203.0"), text);
    assertTrue(text.contains("tf_predict_seconds_count{model=\"sums\"} 203"), text);
    assertTrue(text.contains("tf_predict_in_flight 0.0"), text);
    assertTrue(text.contains("tf_predict_queue 0.0"), text);
  }

  private String metrics() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new PrometheusTextFormatWriter(false).write(out, registry.scrape());
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theModelThatDoesNothingAnswersZeros() throws Exception {
    try (PredictServer server = start();
        AsyncScorer client = client(server, "noop", 2, 3)) {
      float[] point = {1, 2, 3, 4, 5, 6};
      assertArrayEquals(new float[] {0, 0}, Values.floats(client.score(Values.of(point), 1)));
    }
  }

  @Test
  void whatAModelThrowsFailsItsCallAlone() throws Exception {
    try (PredictServer server = start();
        AsyncScorer client = client(server, "model", 2, 3)) {
      CompletableFuture<ByteBuffer> call =
          client.submit(Values.of(-2, 0, 0, 0, 0, 0), 1);
      ExecutionException error = assertThrows(ExecutionException.class, call::get);
      assertEquals(Reason.OTHER, ((CallException) error.getCause()).reason());
      assertTrue(error.getMessage().contains("two below zero"), error.getMessage());
      assertEquals(8, client.score(Values.allocate(24), 1).remaining());
    }
  }

  @Test
  void pointsOfAnotherShapeAreRefusedWhenTheClientLoads() throws Exception {
    try (PredictServer server = start()) {
      ScorerException error =
          assertThrows(ScorerException.class, () -> client(server, "model", 3, 3).close());
      assertTrue(error.getMessage().contains("input float32[-1, 2, 3]"), error.getMessage());
    }
  }

  @Test
  void whatIsUnderWayIsFinishedWhenItStops() throws Exception {
    try (PredictServer server = start();
        AsyncScorer client = client(server, "model", 2, 3)) {
      CompletableFuture<ByteBuffer> call =
          client.submit(Values.of(-1, 0, 0, 0, 0, 0), 1);
      assertTrue(ENTERED.await(30, TimeUnit.SECONDS));
      CompletableFuture<Boolean> stopped =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return server.stop(30);
                } catch (InterruptedException killed) {
                  return false;
                }
              });
      GO_ON.countDown();
      assertArrayEquals(new float[] {-1, -1}, Values.floats(call.get()));
      assertTrue(stopped.get());
    }
  }

  @Test
  void aModelThatIsNotThereIsNamed() {
    Map<String, String> env = new HashMap<>(ENV);
    env.put("CRAYFISH_MODEL_PATH", "/models/other");
    ScorerException error =
        assertThrows(
            ScorerException.class,
            () -> new PredictServer(Settings.of(env), "sums", 0, registry));
    assertEquals("/models/other: not there", error.getMessage());
  }

  @Test
  void theTypesAreThoseOfTheSettings() {
    Map<String, String> env = new HashMap<>(ENV);
    env.put("CRAYFISH_MODEL_INPUT_DTYPE", "uint8");
    env.put("CRAYFISH_MODEL_OUTPUT_DTYPE", "int64");
    RunConfig.Model model = Settings.of(env).model();
    assertEquals(Dtype.UINT8, model.inputDtype());
    assertEquals(Dtype.INT64, model.outputDtype());
    env.put("CRAYFISH_MODEL_INPUT_DTYPE", "int8");
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Settings.of(env));
    assertEquals("CRAYFISH_MODEL_INPUT_DTYPE: dtype int8 is unknown", error.getMessage());
  }

  @Test
  void theNamesAndConstantsAreThoseOfTheSettings() {
    Map<String, String> env = new HashMap<>(ENV);
    assertEquals(Map.of(), Settings.of(env).model().constants());
    env.put("CRAYFISH_MODEL_INPUT_NAME", "x");
    env.put("CRAYFISH_MODEL_OUTPUT_NAME", "p");
    env.put(
        "CRAYFISH_MODEL_CONSTANTS",
        "{\"k\": {\"dtype\": \"float32\", \"shape\": [], \"data\": [0.5]}}");
    RunConfig.Model model = Settings.of(env).model();
    assertEquals("x p", model.inputName() + " " + model.outputName());
    assertEquals(Values.of(0.5f), model.constants().get("k").values());
    env.put("CRAYFISH_MODEL_CONSTANTS", "3");
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Settings.of(env));
    assertTrue(error.getMessage().startsWith("CRAYFISH_MODEL_CONSTANTS: not as"), error.getMessage());
  }

  @Test
  void aSettingThatIsNoneIsNamed() {
    for (String name : ENV.keySet()) {
      Map<String, String> env = new HashMap<>(ENV);
      env.put(name, name.endsWith("NAME") ? "noop" : name.endsWith("PATH") ? " " : "0");
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> Settings.of(env));
      assertTrue(error.getMessage().startsWith(name), error.getMessage());
    }
  }
}
