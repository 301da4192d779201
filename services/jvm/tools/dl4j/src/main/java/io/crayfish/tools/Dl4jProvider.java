package io.crayfish.tools;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.ScorerProvider;
import java.nio.file.Path;
import java.util.Map;

/** DeepLearning4j; option {@code threads}: of ND4J's operations below it (default 1). */
public final class Dl4jProvider implements ScorerProvider {
  @Override
  public String tool() {
    return "dl4j";
  }

  @Override
  public Scorer create(RunConfig.Model model, Map<String, Object> options, Path folder)
      throws ScorerException {
    // JavaCPP asks the kernel for the process's size at each of an array's many allocations, which is
    // a third of the time of a small model; OffHeap asks more rarely.
    System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
    return new Dl4jScorer(model, ScorerProvider.threads(tool(), options));
  }
}
