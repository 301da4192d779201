package io.crayfish.clients;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.ClientProvider;
import io.crayfish.scoring.ScorerException;
import java.time.Duration;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * The clients of the servers that speak one protocol, each found by its tool's name.
 *
 * <p>Options: {@code deadline_ms} of a call (5000), {@code channels} to each replica (1), {@code
 * retries} of a call that found nobody (0), {@code serve}: the model, or {@code noop}.
 */
abstract class GrpcProvider implements ClientProvider {
  private final String tool;
  private final BiFunction<RunConfig.Model, String, Protocol<?, ?>> protocol;

  /**
   * Of one tool.
   *
   * @param protocol makes the protocol of a model from it and its name at the server
   */
  GrpcProvider(String tool, BiFunction<RunConfig.Model, String, Protocol<?, ?>> protocol) {
    this.tool = tool;
    this.protocol = protocol;
  }

  @Override
  public String tool() {
    return tool;
  }

  @Override
  public AsyncScorer connect(
      RunConfig.Model model, String address, Duration patience, Map<String, Object> options)
      throws ScorerException {
    Settings settings = Settings.take(tool, model, address, patience, options);
    return scorer(settings, protocol.apply(model, settings.served()), model.values());
  }

  private static <Q, A> AsyncScorer scorer(
      Settings settings, Protocol<Q, A> protocol, int values) {
    return new GrpcScorer<>(settings, protocol, values);
  }

  /** TensorFlow Serving. */
  public static final class ForTfServing extends GrpcProvider {
    /** By its name. */
    public ForTfServing() {
      super("tf-serving", TfServing::new);
    }
  }

  /** Our own server of TensorFlow Serving's protocol. */
  public static final class ForTfPredict extends GrpcProvider {
    /** By its name. */
    public ForTfPredict() {
      super("tf-predict", TfServing::new);
    }
  }

  /** TorchServe. */
  public static final class ForTorchServe extends GrpcProvider {
    /** By its name. */
    public ForTorchServe() {
      super("torchserve", TorchServe::new);
    }
  }

  /** Triton. */
  public static final class ForTriton extends GrpcProvider {
    /** By its name. */
    public ForTriton() {
      super("triton", Oip::new);
    }
  }

  /** Any server of the Open Inference Protocol. */
  public static final class ForOip extends GrpcProvider {
    /** By its name. */
    public ForOip() {
      super("oip", Oip::new);
    }
  }

  /** Ray Serve. */
  public static final class ForRayServe extends GrpcProvider {
    /** By its name. */
    public ForRayServe() {
      super("ray-serve", RayServe::new);
    }
  }
}
