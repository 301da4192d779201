package io.crayfish.scoring;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;

/**
 * What the records of a run carry.
 *
 * @param values of one point
 * @param points their type
 * @param predictions their type
 */
record Carried(int values, Dtype points, Dtype predictions) {
  static Carried by(RunConfig.Model model) {
    return new Carried(model.values(), model.inputDtype(), model.outputDtype());
  }
}
