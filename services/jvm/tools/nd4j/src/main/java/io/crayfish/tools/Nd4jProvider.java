package io.crayfish.tools;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.ScorerProvider;
import java.nio.file.Path;
import java.util.Map;

/** The network by hand; option {@code threads}: of ND4J's own operations (default 1). */
public final class Nd4jProvider implements ScorerProvider {
  @Override
  public String tool() {
    return "nd4j";
  }

  @Override
  public Scorer create(RunConfig.Model model, Map<String, Object> options, Path folder)
      throws ScorerException {
    // JavaCPP asks the kernel for the process's size at each of an array's many allocations, which is
    // a third of the time of a small model; OffHeap asks more rarely.
    System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
    return new Nd4jScorer(model, ScorerProvider.threads(tool(), options));
  }
}
