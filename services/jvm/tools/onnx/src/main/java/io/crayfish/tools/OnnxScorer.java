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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * Scores with one session on the CPU.
 *
 * <p>Input and output tensors lie over buffers of ours that are made once for each batch size: a call
 * copies the points in and the predictions out, and allocates nothing native.
 */
final class OnnxScorer implements Scorer {
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
      OrtSession.SessionOptions options = new OrtSession.SessionOptions();
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      // A pool that spins while it waits takes a core that the experiment gave to something else.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      session = OrtEnvironment.getEnvironment().createSession(model.path(), options);
      NodeInfo first = session.getInputInfo().values().iterator().next();
      input = first.getName();
      output = session.getOutputNames().iterator().next();
      check(input, (TensorInfo) first.getInfo(), model.inputShape());
      check(
          output, (TensorInfo) session.getOutputInfo().get(output).getInfo(), model.outputShape());
      score(FloatBuffer.allocate(model.values()), 1);
    } catch (OrtException | ClassCastException error) {
      throw new ScorerException(
          model.path() + ": not a usable ONNX model: " + error.getMessage(), error);
    }
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
        session.close();
      } catch (OrtException error) {
        throw new IllegalStateException(error);
      }
    }
  }
}
