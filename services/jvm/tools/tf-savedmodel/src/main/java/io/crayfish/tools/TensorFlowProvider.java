package io.crayfish.tools;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.ScorerProvider;
import java.nio.file.Path;
import java.util.Map;

/** TensorFlow; option {@code threads}: intra-op and inter-op threads of one scorer (default 1). */
public final class TensorFlowProvider implements ScorerProvider {
  @Override
  public String tool() {
    return "tf-savedmodel";
  }

  @Override
  public Scorer create(RunConfig.Model model, Map<String, Object> options, Path folder)
      throws ScorerException {
    return new TensorFlowScorer(model, ScorerProvider.threads(tool(), options));
  }
}
