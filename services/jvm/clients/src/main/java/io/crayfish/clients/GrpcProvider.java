package io.crayfish.clients;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.ClientProvider;
import io.crayfish.scoring.ScorerException;
import java.util.Map;

/**
 * The clients of the servers that speak one protocol, each found by its tool's name.
 *
 * <p>Options: {@code deadline_ms} of a call (5000), {@code channels} to each replica (1), {@code
 * retries} of a call that found nobody (0), {@code serve}: the model, or {@code noop}, {@code
 * model_name}: what the server calls the model, if not as we do.
 */
abstract class GrpcProvider implements ClientProvider {
  private final String tool;
  private final Speaks protocol;

  /** Makes the protocol of a model; {@code served} is its name at the server. */
  interface Speaks {
    Protocol<?, ?> of(RunConfig.Model model, String served, Map<String, Object> options)
        throws ScorerException;
  }

  GrpcProvider(String tool, Speaks protocol) {
    this.tool = tool;
    this.protocol = protocol;
  }

  @Override
  public String tool() {
    return tool;
  }

  @Override
  public AsyncScorer connect(RunConfig.Model model, Server server, Map<String, Object> options)
      throws ScorerException {
    Settings settings = Settings.of(tool, model, server, options);
    Protocol<?, ?> spoken = protocol.of(model, settings.served(), options);
    options.clear(); // the others are the server's
    return scorer(settings, spoken, model);
  }

  private static <Q, A> AsyncScorer scorer(
      Settings settings, Protocol<Q, A> protocol, RunConfig.Model model) throws ScorerException {
    return new GrpcScorer<>(settings, protocol, model);
  }

  /** TensorFlow Serving. */
  public static final class ForTfServing extends GrpcProvider {
    /** By its name. */
    public ForTfServing() {
      super(
          "tf-serving",
          (model, served, options) -> new TfServing(model, served, model.constants()));
    }
  }

  /** Our own server of TensorFlow Serving's protocol. */
  public static final class ForTfPredict extends GrpcProvider {
    /** By its name. */
    public ForTfPredict() {
      // It has the constants itself, and one input.
      super("tf-predict", (model, served, options) -> new TfServing(model, served, Map.of()));
    }
  }

  /** TorchServe. */
  public static final class ForTorchServe extends GrpcProvider {
    /** By its name. */
    public ForTorchServe() {
      super(
          "torchserve",
          (model, served, options) ->
              new TorchServe(model, served, "json".equals(options.get("handler"))));
    }
  }

  /** Triton. */
  public static final class ForTriton extends GrpcProvider {
    /** By its name. */
    public ForTriton() {
      super("triton", (model, served, options) -> new Oip(model, served));
    }
  }

  /** Any server of the Open Inference Protocol. */
  public static final class ForOip extends GrpcProvider {
    /** By its name. */
    public ForOip() {
      super("oip", (model, served, options) -> new Oip(model, served));
    }
  }

  /** Ray Serve; option {@code transport}: over gRPC, or HTTP. */
  public static final class ForRayServe extends GrpcProvider {
    /** By its name. */
    public ForRayServe() {
      super("ray-serve", (model, served, options) -> new RayServe(model, served));
    }

    @Override
    public AsyncScorer connect(RunConfig.Model model, Server server, Map<String, Object> options)
        throws ScorerException {
      if (!"http".equals(options.get("transport"))) {
        return super.connect(model, server, options);
      }
      Settings settings = Settings.of(tool(), model, server, options);
      if (settings.channels() != 1) {
        throw new ScorerException(
            "tool " + tool() + ": option channels: " + settings.channels()
                + ": over HTTP each call under way has a connection of its own");
      }
      options.clear(); // the others are the server's
      return new HttpScorer(settings, model);
    }
  }
}
