package io.crayfish.tools;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Shared;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Scores with one session on the CPU.
 *
 * <p>Input and output tensors lie over buffers of ours that are made once for each batch size: a call
 * copies the points in and the predictions out, and allocates nothing native.
 *
 * <p>Scorers of one thread share the session, which computes in the thread that calls it. With more,
 * each has its own, whose pool is of that size.
 */
final class OnnxScorer implements Scorer {
  private static final Shared<OrtSession> SESSIONS = new Shared<>();

  private static final Map<Dtype, OnnxJavaType> TYPES =
      new EnumMap<>(
          Map.of(
              Dtype.FLOAT32, OnnxJavaType.FLOAT,
              Dtype.FLOAT64, OnnxJavaType.DOUBLE,
              Dtype.FLOAT16, OnnxJavaType.FLOAT16,
              Dtype.INT64, OnnxJavaType.INT64,
              Dtype.INT32, OnnxJavaType.INT32,
              Dtype.UINT8, OnnxJavaType.UINT8,
              Dtype.BOOL, OnnxJavaType.BOOL));

  private final RunConfig.Model model;
  private final Map<String, OnnxTensor> constants = new HashMap<>();
  private final int threads;
  private OrtSession session;
  private String input;
  private String output;
  private Binding binding;

  OnnxScorer(RunConfig.Model model, int threads) {
    this.model = model;
    this.threads = threads;
  }

  /** The tensors of one batch size. */
  private record Binding(
      int batch,
      ByteBuffer points,
      ByteBuffer predictions,
      OnnxTensor input,
      OnnxTensor output,
      Map<String, OnnxTensor> inputs,
      Map<String, OnnxTensor> outputs) {
    void close() {
      input.close();
      output.close();
    }
  }

  @Override
  public void load() throws ScorerException {
    try {
      session = threads == 1 ? SESSIONS.take(model.path(), this::open) : open();
      Map<String, NodeInfo> outputs = session.getOutputInfo();
      NodeInfo point = pointsOf(session.getInputInfo());
      NodeInfo answer = chosen("output", outputs, model.outputName(), listed(outputs));
      input = point.getName();
      output = answer.getName();
      check(input, (TensorInfo) point.getInfo(), model.inputDtype(), model.inputShape());
      check(output, (TensorInfo) answer.getInfo(), model.outputDtype(), model.outputShape());
      makeConstants(session.getInputInfo());
      int batch = pointsPerCall(((TensorInfo) point.getInfo()).getShape()[0]);
      score(Values.allocate(model.inputBytes(batch)), batch);
    } catch (ScorerException error) {
      throw error;
    } catch (Exception error) {
      throw new ScorerException(
          model.path() + ": not a usable ONNX model: " + error.getMessage(), error);
    }
  }

  private OrtSession open() throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    options.setInterOpNumThreads(1);
    // A pool that spins while it waits takes a core that the experiment gave to something else.
    options.addConfigEntry("session.intra_op.allow_spinning", "0");
    return OrtEnvironment.getEnvironment().createSession(model.path(), options);
  }

  /** The input that takes the points: that of its name, or the only one that is no constant. */
  private NodeInfo pointsOf(Map<String, NodeInfo> inputs) throws ScorerException {
    Map<String, NodeInfo> left = new LinkedHashMap<>(inputs);
    for (String constant : model.constants().keySet()) {
      if (left.remove(constant) == null || constant.equals(model.inputName())) {
        throw new ScorerException(
            model.path() + ": has no further input '" + constant + "'; it has " + listed(inputs));
      }
    }
    if (left.size() != 1) {
      throw new ScorerException(
          model.path() + ": has " + inputs.size() + " inputs (" + listed(inputs)
              + "), and records carry the points of one: formats.onnx.constants in the model's"
              + " config gives the others a value");
    }
    return chosen("input", left, model.inputName(), listed(inputs));
  }

  /** The tensor of this name, or the only one. */
  private NodeInfo chosen(String what, Map<String, NodeInfo> tensors, String name, String there)
      throws ScorerException {
    if (name == null) {
      if (tensors.size() != 1) {
        throw new ScorerException(
            model.path() + ": has " + tensors.size() + " outputs (" + there
                + "): name the one that is scored, formats.onnx.output in the model's config");
      }
      return tensors.values().iterator().next();
    }
    NodeInfo found = tensors.get(name);
    if (found == null) {
      throw new ScorerException(
          model.path() + ": has no " + what + " '" + name + "'; it has " + there);
    }
    return found;
  }

  private static String listed(Map<String, NodeInfo> tensors) {
    return tensors.values().stream().map(OnnxScorer::described).collect(Collectors.joining(", "));
  }

  private static String described(NodeInfo node) {
    if (node.getInfo() instanceof TensorInfo tensor) {
      return node.getName() + " " + word(tensor.type)
          + Arrays.toString(tensor.getShape());
    }
    return node.getName() + ", which is no tensor";
  }

  /** Our word for a type, or the library's, where records have none. */
  private static String word(OnnxJavaType type) {
    for (Map.Entry<Dtype, OnnxJavaType> entry : TYPES.entrySet()) {
      if (entry.getValue() == type) {
        return entry.getKey().word();
      }
    }
    return type.name().toLowerCase(Locale.ROOT);
  }

  /** How many the file takes, which must be how many it gets; 1 where any number will do. */
  private int pointsPerCall(long fixed) throws ScorerException {
    if (fixed < 0) {
      return 1;
    }
    if (model.batch() != null && model.batch() != fixed) {
      throw new ScorerException(
          model.path() + ": takes " + fixed + (fixed == 1 ? " point" : " points")
              + " per call (dimension 0 of " + input + " is " + fixed + "), the workload sends "
              + model.batch() + ": export it with a dynamic batch dimension, or --batch " + fixed);
    }
    return Math.toIntExact(fixed);
  }

  private void check(String name, TensorInfo tensor, Dtype dtype, int[] shape)
      throws ScorerException {
    checkType(name, tensor, dtype);
    long[] found = tensor.getShape();
    boolean fits = found.length == shape.length + 1;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = found[i + 1] < 0 || found[i + 1] == shape[i];
    }
    if (!fits) {
      throw otherShape(name, found, Arrays.toString(shape));
    }
  }

  private void checkType(String name, TensorInfo tensor, Dtype dtype) throws ScorerException {
    if (tensor.type != TYPES.get(dtype)) {
      throw new ScorerException(
          model.path() + ": tensor " + name + " is of " + word(tensor.type)
              + ", the model's config says " + dtype);
    }
  }

  private ScorerException otherShape(String name, long[] found, String said) {
    return new ScorerException(
        model.path() + ": tensor " + name + " has shape " + Arrays.toString(found)
            + ", the model's config says " + said);
  }

  /** A tensor for each further input, which every call is fed with. */
  private void makeConstants(Map<String, NodeInfo> inputs) throws ScorerException, OrtException {
    for (Map.Entry<String, RunConfig.Constant> entry : model.constants().entrySet()) {
      String name = entry.getKey();
      RunConfig.Constant constant = entry.getValue();
      TensorInfo tensor = (TensorInfo) inputs.get(name).getInfo();
      checkType(name, tensor, constant.dtype());
      long[] shape = constant.shape();
      long[] found = tensor.getShape();
      boolean fits = found.length == shape.length;
      for (int i = 0; fits && i < shape.length; i++) {
        fits = found[i] < 0 || found[i] == shape[i];
      }
      if (!fits) {
        throw otherShape(name, found, Arrays.toString(shape));
      }
      ByteBuffer values = constant.values();
      ByteBuffer direct = direct(values.remaining()).put(values).flip();
      constants.put(name, tensor(direct, shape, constant.dtype()));
    }
  }

  @Override
  public ByteBuffer score(ByteBuffer points, int batch) throws OrtException {
    if (binding == null || binding.batch != batch) {
      bind(batch);
    }
    binding.points.clear();
    binding.points.put(points);
    session.run(binding.inputs, binding.outputs).close(); // closes nothing of ours
    ByteBuffer predictions = Values.allocate(binding.predictions.capacity());
    binding.predictions.clear();
    return predictions.put(binding.predictions).flip();
  }

  private void bind(int batch) throws OrtException {
    if (binding != null) {
      binding.close();
    }
    ByteBuffer points = direct(model.inputBytes(batch));
    ByteBuffer predictions = direct(model.outputBytes(batch));
    OnnxTensor in = tensor(points, model.inputShape(batch), model.inputDtype());
    OnnxTensor out = tensor(predictions, model.outputShape(batch), model.outputDtype());
    Map<String, OnnxTensor> inputs = new HashMap<>(constants);
    inputs.put(input, in);
    binding = new Binding(batch, points, predictions, in, out, inputs, Map.of(output, out));
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /** Over a direct buffer. */
  private static OnnxTensor tensor(ByteBuffer values, long[] shape, Dtype dtype)
      throws OrtException {
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), values, shape, TYPES.get(dtype));
  }

  @Override
  public void close() {
    if (binding != null) {
      binding.close();
    }
    constants.values().forEach(OnnxTensor::close);
    constants.clear();
    if (session != null) {
      try {
        if (threads == 1) {
          SESSIONS.giveBack(model.path());
        } else {
          session.close();
        }
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
      session = null;
    }
  }
}
