package io.crayfish.tools;

import io.crayfish.scoring.ScorerContract;

final class Dl4jTest extends ScorerContract {
  @Override
  protected String tool() {
    return "dl4j";
  }

  @Override
  protected String file() {
    return "ffnn.h5";
  }
}
