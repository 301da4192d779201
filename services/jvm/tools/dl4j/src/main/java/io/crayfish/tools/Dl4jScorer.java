package io.crayfish.tools;

import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.scoring.OffHeap;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.ScorerProvider;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A Keras model as DeepLearning4j imports it: a sequential one, or a graph. The input array is made
 * once for each batch size.
 */
final class Dl4jScorer implements Scorer {
  private final RunConfig.Model model;
  private final int threads;
  private MultiLayerNetwork sequence;
  private ComputationGraph graph;
  private INDArray input;

  Dl4jScorer(RunConfig.Model model, int threads) {
    this.model = model;
    this.threads = threads;
  }

  @Override
  public void load() throws ScorerException {
    ScorerProvider.onlyFloat32("dl4j", model);
    Nd4j.getEnvironment().setMaxThreads(threads);
    Nd4j.getEnvironment().setMaxMasterThreads(threads);
    try {
      importModel();
      ByteBuffer output = score(Values.allocate(model.inputBytes(1)), 1);
      if (output.remaining() != model.outputBytes(1)) {
        throw new ScorerException(
            model.path() + ": answers " + output.remaining() / Float.BYTES + " values, not "
                + model.outputs());
      }
    } catch (ScorerException error) {
      throw error;
    } catch (Exception error) {
      throw new ScorerException(
          model.path() + ": not a usable Keras model: " + error.getMessage(), error);
    }
  }

  private void importModel() throws Exception {
    try {
      sequence = KerasModelImport.importKerasSequentialModelAndWeights(model.path(), false);
    } catch (Exception notSequential) {
      try {
        graph = KerasModelImport.importKerasModelAndWeights(model.path(), false);
      } catch (Exception notGraph) {
        // Only one of the two is of this file's kind, and only its reason helps.
        throw new ScorerException(
            model.path() + ": not a usable Keras model: as a row of layers: "
                + notSequential.getMessage() + "; as a graph: " + notGraph.getMessage(),
            notGraph);
      }
    }
  }

  @Override
  public ByteBuffer score(ByteBuffer points, int batch) {
    OffHeap.look();
    if (input == null || input.size(0) != batch) {
      input = Nd4j.create(DataType.FLOAT, model.inputShape(batch), 'c');
    }
    ((FloatPointer) input.data().pointer()).put(Values.floats(points));
    INDArray output = sequence != null ? sequence.output(input) : graph.outputSingle(input);
    return Values.of((output.ordering() == 'c' ? output : output.dup('c')).data().asFloat());
  }

  @Override
  public void close() {
    sequence = null;
    graph = null;
  }
}
