package io.crayfish.tools;

import io.crayfish.scoring.ScorerContract;

final class TensorFlowTest extends ScorerContract {
  @Override
  protected String tool() {
    return "tf-savedmodel";
  }

  @Override
  protected String file() {
    return "savedmodel";
  }
}
