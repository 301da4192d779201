package io.crayfish.contract;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * What a container of one run needs to know: docs/schemas/run-config.json, as far as the JVM reads
 * it. The controller has validated the file.
 */
public record RunConfig(
    String runId,
    Kafka kafka,
    Model model,
    Tool tool,
    Call call,
    Processor processor,
    Parallelism parallelism,
    String format,
    String delivery,
    String pipeline,
    Workload workload,
    Deadlines deadlines) {

  public static final Path PATH = Path.of("/crayfish/run.json");

  /** A call a record, one after the other, unless it says otherwise. */
  public RunConfig {
    call = call == null ? Call.BLOCKING : call;
  }

  /**
   * Where the records travel.
   *
   * @param brokers so many are waited for before topics are made, whose partitions are spread over
   *     them
   * @param external it was there before: how many copies it keeps of a topic is its own
   * @param tls a file of certificates (PEM) that clients trust, or {@code system}; null: connections
   *     are not encrypted
   * @param sasl null: clients do not say who they are
   */
  public record Kafka(
      String bootstrap,
      String inputTopic,
      String outputTopic,
      int inputPartitions,
      int outputPartitions,
      int maxMessageBytes,
      int brokers,
      boolean external,
      String tls,
      Sasl sasl) {
    @JsonCreator
    public Kafka {}

    /** The experiment's own, which asks for nothing. */
    public Kafka(
        String bootstrap,
        String inputTopic,
        String outputTopic,
        int inputPartitions,
        int outputPartitions,
        int maxMessageBytes) {
      this(
          bootstrap,
          inputTopic,
          outputTopic,
          inputPartitions,
          outputPartitions,
          maxMessageBytes,
          1,
          false,
          null,
          null);
    }
  }

  /**
   * How a client of Kafka says who it is.
   *
   * @param folder with the file of name and password, which stand nowhere else
   */
  public record Sasl(String mechanism, String folder) {}

  /**
   * The model that the processor loads; shapes are those of one point and one prediction.
   *
   * @param inputName the tensor that takes the points, where the file has names; null: the only one
   * @param outputName the tensor that is scored; null: the only one
   * @param batch points of each call; null: it changes from call to call
   * @param inputDtype of the points; float32 where the file does not say it
   * @param outputDtype of the predictions; likewise
   * @param constants further inputs by their names; empty where there are none
   */
  public record Model(
      String name,
      String format,
      String path,
      int[] inputShape,
      int[] outputShape,
      String inputName,
      String outputName,
      Integer batch,
      Dtype inputDtype,
      Dtype outputDtype,
      Map<String, Constant> constants) {
    @JsonCreator
    public Model {
      inputDtype = inputDtype == null ? Dtype.FLOAT32 : inputDtype;
      outputDtype = outputDtype == null ? Dtype.FLOAT32 : outputDtype;
      constants = constants == null ? Map.of() : constants;
    }

    /** Of a file with one input and one output of float32, and a point in each call. */
    public Model(String name, String format, String path, int[] inputShape, int[] outputShape) {
      this(name, format, path, inputShape, outputShape, null, null, 1, null, null, null);
    }

    /** The same with values of these types. */
    public Model of(Dtype points, Dtype predictions) {
      return new Model(
          name,
          format,
          path,
          inputShape,
          outputShape,
          inputName,
          outputName,
          batch,
          points,
          predictions,
          constants);
    }

    /** Bytes of a batch of points. */
    public int inputBytes(int batch) {
      return bytes(batch, values(), inputDtype);
    }

    /** Bytes of a batch of predictions. */
    public int outputBytes(int batch) {
      return bytes(batch, outputs(), outputDtype);
    }

    private static int bytes(int batch, int values, Dtype dtype) {
      return Math.multiplyExact(Math.multiplyExact(batch, values), dtype.bytes());
    }

    /** Values of one point. */
    public int values() {
      return product(inputShape);
    }

    /** Values of one prediction. */
    public int outputs() {
      return product(outputShape);
    }

    /** The shape of a batch of points. */
    public long[] inputShape(int batch) {
      return batched(batch, inputShape);
    }

    /** The shape of a batch of predictions. */
    public long[] outputShape(int batch) {
      return batched(batch, outputShape);
    }

    private static long[] batched(int batch, int[] shape) {
      return LongStream.concat(LongStream.of(batch), Arrays.stream(shape).asLongStream()).toArray();
    }

    private static int product(int[] shape) {
      int product = 1;
      for (int size : shape) {
        product = Math.multiplyExact(product, size);
      }
      return product;
    }
  }

  /**
   * What a further input of the model gets with every call.
   *
   * @param shape all of it; empty: a single number
   * @param data its values in C order; a bool is 0 or 1
   */
  public record Constant(Dtype dtype, long[] shape, List<Number> data) {
    /** Its values as they lie in memory. */
    public ByteBuffer values() {
      ByteBuffer values = Values.allocate(dtype.bytes() * data.size());
      data.forEach(value -> Values.put(dtype, values, value));
      return values.flip();
    }
  }

  /**
   * What scores.
   *
   * @param address of the model server, host:port, several with commas between them; null: the tool is
   *     a library
   * @param tls a file of certificates (PEM) that the client of the server trusts, or {@code system};
   *     null: calls are not encrypted
   */
  public record Tool(String name, Map<String, Object> options, String address, String tls) {
    @JsonCreator
    public Tool {}

    /** One whose calls are not encrypted, if it makes any. */
    public Tool(String name, Map<String, Object> options, String address) {
      this(name, options, address, null);
    }
  }

  /**
   * How records are handed to the scorer.
   *
   * @param mode blocking: one call a record, one after the other; async: {@code inFlight} calls under
   *     way for each scorer; batched: several records in one call
   * @param inFlight async: calls under way
   * @param ordered async: results leave in the order of their records
   * @param records batched: the most records in one call
   * @param waitMs batched: how long the first of them may wait for the others; 0: what lies ready
   */
  public record Call(String mode, int inFlight, boolean ordered, int records, double waitMs) {
    public static final Call BLOCKING = new Call("blocking", 1, false, 1, 0);

    /** Zero is what the file does not say. */
    public Call {
      mode = mode == null ? "blocking" : mode;
      inFlight = Math.max(1, inFlight);
      records = Math.max(1, records);
    }

    /** Whether several calls are under way at the same time. */
    public boolean async() {
      return mode.equals("async");
    }

    /** Whether a call may carry several records. */
    public boolean batched() {
      return mode.equals("batched");
    }
  }

  /** The stream processor, and knobs that only it understands. */
  public record Processor(String name, String runtime, Map<String, Object> options) {}

  /** How many of each operator. */
  public record Parallelism(int source, int scorer, int sink, boolean chained) {}

  /** What is sent; a loop over the scorer takes its points from here. */
  public record Workload(Stop stop, Warmup warmup, int batchSize, Points points) {}

  /** End of the measured segment; null where it does not count. */
  public record Stop(Double seconds, Long count) {}

  /** What goes before the measured segment. */
  public record Warmup(double seconds) {}

  /** The source of the points; null paths where there are none. */
  public record Points(
      String kind,
      String path,
      String referencePath,
      double tolerance,
      int count,
      long seed,
      int pool) {}

  /** How long a part may wait, in seconds. */
  public record Deadlines(double ready, double stop) {}

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /**
   * The run config of this container.
   *
   * @throws IOException with the file's name, if it cannot be read
   */
  public static RunConfig load(Path path) throws IOException {
    return parse(Files.readString(path));
  }

  /**
   * From the file's text.
   *
   * @throws IOException if it is not a run config
   */
  public static RunConfig parse(String json) throws IOException {
    try {
      return MAPPER.readValue(json, RunConfig.class);
    } catch (JsonProcessingException error) {
      throw new IOException("run config: " + error.getOriginalMessage(), error);
    }
  }

  /**
   * What further inputs get, as the run config has them under {@code model.constants}, by itself.
   *
   * @throws IOException if it is not that
   */
  public static Map<String, Constant> constants(String json) throws IOException {
    try {
      return MAPPER.readValue(json, new TypeReference<Map<String, Constant>>() {});
    } catch (JsonProcessingException error) {
      throw new IOException("not as the run config has them: " + error.getOriginalMessage(), error);
    }
  }

  /** An option of a map, with its default; numbers may be written as whole numbers. */
  public static double number(Map<String, Object> options, String name, double otherwise) {
    Object value = options.get(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw new IllegalArgumentException("option " + name + ": " + value + " is not a number");
  }
}
