package io.crayfish.tools;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Shared;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
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

  private final RunConfig.Model model;
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
      FloatBuffer points,
      FloatBuffer predictions,
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
      NodeInfo point = chosen("input", session.getInputInfo(), model.inputName());
      NodeInfo answer = chosen("output", session.getOutputInfo(), model.outputName());
      input = point.getName();
      output = answer.getName();
      check(input, (TensorInfo) point.getInfo(), model.inputShape());
      check(output, (TensorInfo) answer.getInfo(), model.outputShape());
      int batch = pointsPerCall(((TensorInfo) point.getInfo()).getShape()[0]);
      score(FloatBuffer.allocate(batch * model.values()), batch);
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

  /** The tensor of this name, or the only one. */
  private NodeInfo chosen(String what, Map<String, NodeInfo> tensors, String name)
      throws ScorerException {
    String there =
        tensors.values().stream().map(OnnxScorer::described).collect(Collectors.joining(", "));
    if (what.equals("input") && tensors.size() != 1) {
      throw new ScorerException(
          model.path() + ": has " + tensors.size() + " inputs (" + there
              + "), and records carry the points of one");
    }
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

  private static String described(NodeInfo node) {
    if (node.getInfo() instanceof TensorInfo tensor) {
      return node.getName() + " " + tensor.type.name().toLowerCase(Locale.ROOT)
          + Arrays.toString(tensor.getShape());
    }
    return node.getName() + ", which is no tensor";
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

  private void check(String name, TensorInfo tensor, int[] shape) throws ScorerException {
    if (tensor.type != OnnxJavaType.FLOAT) {
      throw new ScorerException(
          model.path() + ": tensor " + name + " is of type "
              + tensor.type.name().toLowerCase(Locale.ROOT)
              + ", records carry float32: cast it in the model");
    }
    long[] found = tensor.getShape();
    boolean fits = found.length == shape.length + 1;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = found[i + 1] < 0 || found[i + 1] == shape[i];
    }
    if (!fits) {
      throw new ScorerException(
          model.path() + ": tensor " + name + " has shape " + Arrays.toString(found)
              + ", the model's config says " + Arrays.toString(shape));
    }
  }

  @Override
  public float[] score(FloatBuffer points, int batch) throws OrtException {
    if (binding == null || binding.batch != batch) {
      bind(batch);
    }
    binding.points.clear();
    binding.points.put(points);
    session.run(binding.inputs, binding.outputs).close(); // closes nothing of ours
    float[] predictions = new float[binding.predictions.capacity()];
    binding.predictions.clear();
    binding.predictions.get(predictions);
    return predictions;
  }

  private void bind(int batch) throws OrtException {
    if (binding != null) {
      binding.close();
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    FloatBuffer points = direct(batch * model.values());
    FloatBuffer predictions = direct(batch * model.outputs());
    OnnxTensor in = OnnxTensor.createTensor(environment, points, model.inputShape(batch));
    OnnxTensor out =
        OnnxTensor.createTensor(environment, predictions, model.outputShape(batch));
    binding =
        new Binding(batch, points, predictions, in, out, Map.of(input, in), Map.of(output, out));
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(Float.BYTES * floats)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  @Override
  public void close() {
    if (binding != null) {
      binding.close();
    }
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
