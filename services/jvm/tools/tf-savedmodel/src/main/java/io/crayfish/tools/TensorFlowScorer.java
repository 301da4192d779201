package io.crayfish.tools;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Shared;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.Signature.TensorDescription;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * Scores with the session of a SavedModel, signature {@code serving_default}.
 *
 * <p>The session is fed and fetched by the tensors' names: a call through the signature's function
 * looks them up each time. The input tensor is made once for each batch size. Scorers of one thread
 * share the session, which computes in the thread that calls it.
 */
final class TensorFlowScorer implements Scorer {
  private static final String SIGNATURE = "serving_default";

  private static final Shared<SavedModelBundle> BUNDLES = new Shared<>();

  private static final Map<Dtype, DataType> TYPES =
      new EnumMap<>(
          Map.of(
              Dtype.FLOAT32, DataType.DT_FLOAT,
              Dtype.FLOAT64, DataType.DT_DOUBLE,
              Dtype.FLOAT16, DataType.DT_HALF,
              Dtype.INT64, DataType.DT_INT64,
              Dtype.INT32, DataType.DT_INT32,
              Dtype.UINT8, DataType.DT_UINT8,
              Dtype.BOOL, DataType.DT_BOOL));

  private static final Map<Dtype, Class<? extends TType>> CLASSES =
      new EnumMap<>(
          Map.of(
              Dtype.FLOAT32, TFloat32.class,
              Dtype.FLOAT64, TFloat64.class,
              Dtype.FLOAT16, TFloat16.class,
              Dtype.INT64, TInt64.class,
              Dtype.INT32, TInt32.class,
              Dtype.UINT8, TUint8.class,
              Dtype.BOOL, TBool.class));

  private final RunConfig.Model model;

  /** By the names of the tensors that they are fed to. */
  private final Map<String, TType> constants = new HashMap<>();

  private final int threads;
  private SavedModelBundle bundle;
  private Session session;
  private String input;
  private String output;
  private TType points;
  private ByteDataBuffer memory;
  private int boundTo;

  TensorFlowScorer(RunConfig.Model model, int threads) {
    this.model = model;
    this.threads = threads;
  }

  @Override
  public void load() throws ScorerException {
    try {
      bundle = threads == 1 ? BUNDLES.take(model.path(), this::open) : open();
      session = bundle.session();
      Signature signature = bundle.function(SIGNATURE).signature();
      TensorDescription point = pointsOf(signature.getInputs());
      TensorDescription predicted = chosen("output", signature.getOutputs(), model.outputName());
      checkType(point, model.inputDtype());
      checkType(predicted, model.outputDtype());
      input = point.name;
      output = predicted.name;
      makeConstants(signature.getInputs());
      ByteBuffer answer = score(Values.allocate(model.inputBytes(1)), 1);
      if (answer.remaining() != model.outputBytes(1)) {
        int values = answer.remaining() / model.outputDtype().bytes();
        throw new ScorerException(
            model.path() + ": answers " + values + " values, not " + model.outputs());
      }
    } catch (ScorerException error) {
      throw error;
    } catch (Exception error) {
      throw new ScorerException(
          model.path() + ": not a usable SavedModel: " + error.getMessage(), error);
    }
  }

  /** The input that takes the points: that of its name, or the only one that is no constant. */
  private TensorDescription pointsOf(Map<String, TensorDescription> inputs)
      throws ScorerException {
    Map<String, TensorDescription> left = new TreeMap<>(inputs);
    for (String constant : model.constants().keySet()) {
      if (left.remove(constant) == null || constant.equals(model.inputName())) {
        throw new ScorerException(
            model.path() + ": has no further input '" + constant + "'; it has "
                + inputs.keySet());
      }
    }
    if (left.size() != 1) {
      throw new ScorerException(
          model.path() + ": has the inputs " + inputs.keySet() + ", and records carry the points"
              + " of one: formats.tf-savedmodel.constants in the model's config gives the others"
              + " a value");
    }
    return chosen("input", left, model.inputName());
  }

  /** The tensor of this name in the signature, or the first one. */
  private TensorDescription chosen(
      String what, Map<String, TensorDescription> tensors, String name) throws ScorerException {
    if (name == null) {
      return tensors.values().iterator().next();
    }
    TensorDescription found = tensors.get(name);
    if (found == null) {
      throw new ScorerException(
          model.path() + ": has no " + what + " '" + name + "'; it has " + tensors.keySet());
    }
    return found;
  }

  private void checkType(TensorDescription tensor, Dtype dtype) throws ScorerException {
    if (tensor.dataType != TYPES.get(dtype)) {
      String found = tensor.dataType.name();
      for (Map.Entry<Dtype, DataType> entry : TYPES.entrySet()) {
        found = entry.getValue() == tensor.dataType ? entry.getKey().word() : found;
      }
      throw new ScorerException(
          model.path() + ": tensor " + tensor.name + " is of " + found
              + ", the model's config says " + dtype);
    }
  }

  /** A tensor for each further input, which every call is fed with. */
  private void makeConstants(Map<String, TensorDescription> inputs) throws ScorerException {
    for (Map.Entry<String, RunConfig.Constant> entry : model.constants().entrySet()) {
      TensorDescription tensor = inputs.get(entry.getKey());
      RunConfig.Constant constant = entry.getValue();
      checkType(tensor, constant.dtype());
      Shape shape = Shape.of(constant.shape());
      if (!tensor.shape.isCompatibleWith(shape)) {
        throw new ScorerException(
            model.path() + ": tensor " + tensor.name + " has shape " + tensor.shape
                + ", the model's config says " + shape);
      }
      TType value = Tensor.of(CLASSES.get(constant.dtype()), shape);
      constants.put(tensor.name, value);
      write(constant.values(), value.asRawTensor().data());
    }
  }

  private SavedModelBundle open() {
    ConfigProto.Builder config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(threads)
            .setInterOpParallelismThreads(threads)
            .setUsePerSessionThreads(true);
    if (threads == 1) { // else each call is handed to a thread of a pool, and waits for it
      config.getExperimentalBuilder().setExecutorType("SINGLE_THREADED_EXECUTOR");
    }
    return SavedModelBundle.loader(model.path())
        .withTags("serve")
        .withConfigProto(config.build())
        .load();
  }

  @Override
  public ByteBuffer score(ByteBuffer values, int batch) {
    if (boundTo != batch) {
      bind(batch);
    }
    write(values, memory);
    Session.Runner runner = session.runner().feed(input, points).fetch(output);
    for (Map.Entry<String, TType> constant : constants.entrySet()) {
      runner.feed(constant.getKey(), constant.getValue());
    }
    try (Result result = runner.run()) {
      RawTensor predictions = result.get(0).asRawTensor();
      byte[] answer = new byte[Math.toIntExact(predictions.numBytes())];
      predictions.data().read(answer);
      return Values.wrap(answer);
    }
  }

  /** From where they lie, if that is an array. */
  private static void write(ByteBuffer values, ByteDataBuffer memory) {
    if (values.hasArray()) {
      int first = values.arrayOffset() + values.position();
      memory.write(values.array(), first, values.remaining());
    } else {
      byte[] copy = new byte[values.remaining()];
      values.duplicate().get(copy);
      memory.write(copy);
    }
  }

  private void bind(int batch) {
    if (points != null) {
      points.close();
    }
    points = Tensor.of(CLASSES.get(model.inputDtype()), Shape.of(model.inputShape(batch)));
    memory = points.asRawTensor().data();
    boundTo = batch;
  }

  @Override
  public void close() {
    if (points != null) {
      points.close();
    }
    constants.values().forEach(TType::close);
    constants.clear();
    if (bundle == null) {
      return;
    }
    if (threads > 1) {
      bundle.close();
    } else {
      try {
        BUNDLES.giveBack(model.path());
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    }
    bundle = null;
  }
}
