package io.crayfish.clients;

import io.crayfish.contract.Dtype;
import io.crayfish.scoring.ScorerException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A tensor that a server's model takes or gives.
 *
 * @param type as records name it, if they may carry it, else as the server names it
 * @param shape -1: any size; null: unknown
 */
record Signature(String name, String type, long[] shape) {
  /**
   * The only one of a kind, if it carries what records carry.
   *
   * @param kind input or output, for the message
   * @param dtype of the points or predictions
   * @param expected the shape of one, in a batch of one
   * @throws ScorerException if there are others, or it is of another type or shape
   */
  static Signature only(String kind, List<Signature> all, Dtype dtype, long[] expected)
      throws ScorerException {
    if (all.size() == 1 && all.get(0).fits(dtype, expected)) {
      return all.get(0);
    }
    throw new ScorerException(
        "the server's model has the " + kind + " "
            + all.stream().map(Signature::toString).collect(Collectors.joining(", "))
            + "; the run's has " + dtype + Arrays.toString(expected) + ", in batches of any size");
  }

  /** Of several the one that the model's config names. */
  static List<Signature> named(List<Signature> all, String name) {
    List<Signature> found = all.stream().filter(tensor -> tensor.name().equals(name)).toList();
    return all.size() == 1 || found.isEmpty() ? all : found;
  }

  /** Is it of this type, and may it have this shape? */
  boolean fits(Dtype dtype, long[] expected) {
    if (!type.equals(dtype.word())) {
      return false;
    }
    if (shape == null) {
      return true;
    }
    boolean fits = shape.length == expected.length;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = shape[i] == -1 || shape[i] == expected[i];
    }
    return fits;
  }

  @Override
  public String toString() {
    return name + " " + type + (shape == null ? "[?]" : Arrays.toString(shape));
  }
}
