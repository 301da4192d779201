package io.crayfish.tools;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Shared;
import java.nio.FloatBuffer;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

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

  private final RunConfig.Model model;
  private final int threads;
  private SavedModelBundle bundle;
  private Session session;
  private String input;
  private String output;
  private TFloat32 points;
  private FloatDataBuffer memory;
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
      input = signature.getInputs().values().iterator().next().name;
      output = signature.getOutputs().values().iterator().next().name;
      float[] answer = score(FloatBuffer.allocate(model.values()), 1);
      if (answer.length != model.outputs()) {
        throw new ScorerException(
            model.path() + ": answers " + answer.length + " values, not " + model.outputs());
      }
    } catch (ScorerException error) {
      throw error;
    } catch (Exception error) {
      throw new ScorerException(
          model.path() + ": not a usable SavedModel: " + error.getMessage(), error);
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
  public float[] score(FloatBuffer values, int batch) {
    if (boundTo != batch) {
      bind(batch);
    }
    float[] copy = new float[values.remaining()];
    values.get(copy);
    memory.write(copy);
    try (Result result = session.runner().feed(input, points).fetch(output).run()) {
      TFloat32 predictions = (TFloat32) result.get(0);
      float[] answer = new float[Math.toIntExact(predictions.size())];
      predictions.asRawTensor().data().asFloats().read(answer);
      return answer;
    }
  }

  private void bind(int batch) {
    if (points != null) {
      points.close();
    }
    points = TFloat32.tensorOf(Shape.of(model.inputShape(batch)));
    memory = points.asRawTensor().data().asFloats();
    boundTo = batch;
  }

  @Override
  public void close() {
    if (points != null) {
      points.close();
    }
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
