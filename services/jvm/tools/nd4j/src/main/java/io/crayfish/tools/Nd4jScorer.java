package io.crayfish.tools;

import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.Npy;
import io.crayfish.scoring.OffHeap;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.ScorerProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Dense layers by hand, as one who has only arrays would write them: W0, b0, W1, b1... of the .npz,
 * ReLU between them, softmax at the end. The input array is made once for each batch size.
 */
final class Nd4jScorer implements Scorer {
  private final RunConfig.Model model;
  private final int threads;
  private final List<INDArray> weights = new ArrayList<>();
  private final List<INDArray> biases = new ArrayList<>();
  private INDArray input;

  Nd4jScorer(RunConfig.Model model, int threads) {
    this.model = model;
    this.threads = threads;
  }

  @Override
  public void load() throws ScorerException {
    ScorerProvider.onlyFloat32("nd4j", model);
    Nd4j.getEnvironment().setMaxThreads(threads);
    Nd4j.getEnvironment().setMaxMasterThreads(threads);
    try {
      Map<String, Npy> arrays = Npy.readAll(Path.of(model.path()));
      for (int layer = 0; arrays.containsKey("W" + layer); layer++) {
        weights.add(array(arrays.get("W" + layer)));
        biases.add(array(arrays.get("b" + layer)));
      }
      if (weights.isEmpty()) {
        throw new IOException("has no W0");
      }
      ByteBuffer output = score(Values.allocate(model.inputBytes(1)), 1);
      if (output.remaining() != model.outputBytes(1)) {
        throw new IOException(
            "answers " + output.remaining() / Float.BYTES + " values, not " + model.outputs());
      }
    } catch (IOException | RuntimeException error) {
      throw new ScorerException(
          model.path() + ": not usable weights: " + error.getMessage(), error);
    }
  }

  private static INDArray array(Npy values) throws IOException {
    float[] floats = values.floats();
    int[] shape = values.shape();
    return shape.length == 1
        ? Nd4j.create(floats, new long[] {1, shape[0]})
        : Nd4j.create(floats, new long[] {shape[0], shape[1]});
  }

  @Override
  public ByteBuffer score(ByteBuffer points, int batch) {
    OffHeap.look();
    if (input == null || input.size(0) != batch) {
      input = Nd4j.create(DataType.FLOAT, new long[] {batch, model.values()}, 'c');
    }
    ((FloatPointer) input.data().pointer()).put(Values.floats(points));
    INDArray activation = input;
    int last = weights.size() - 1;
    for (int layer = 0; layer <= last; layer++) {
      activation = activation.mmul(weights.get(layer)).addiRowVector(biases.get(layer));
      activation =
          layer < last ? Transforms.relu(activation, false) : Transforms.softmax(activation, false);
    }
    INDArray inOrder = activation.ordering() == 'c' ? activation : activation.dup('c');
    return Values.of(inOrder.data().asFloat());
  }

  @Override
  public void close() {
    weights.clear();
    biases.clear();
  }
}
