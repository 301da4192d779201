package io.crayfish.tools;

import io.crayfish.scoring.ScorerContract;

final class Nd4jTest extends ScorerContract {
  @Override
  protected String tool() {
    return "nd4j";
  }

  @Override
  protected String file() {
    return "ffnn.npz";
  }
}
