package io.crayfish.tools;

import io.crayfish.scoring.ScorerContract;

final class OnnxTest extends ScorerContract {
  @Override
  protected String tool() {
    return "onnx";
  }

  @Override
  protected String file() {
    return "ffnn.onnx";
  }
}
