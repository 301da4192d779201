package io.crayfish.clients;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.torchserve.InferenceAPIsServiceGrpc;
import io.crayfish.protocols.torchserve.PredictionResponse;
import io.crayfish.protocols.torchserve.PredictionsRequest;
import io.crayfish.scoring.CallException;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Locale;

/**
 * TorchServe: it hands bytes to the model's handler, and knows nothing of shapes. Handlers take and give
 * float32, or the JSON text of TorchServe's own handlers.
 */
final class TorchServe implements Protocol<PredictionsRequest, PredictionResponse> {
  /** The field that handlers read. */
  private static final String FIELD = "data";

  private final RunConfig.Model model;
  private final String served;
  private final boolean text;

  TorchServe(RunConfig.Model model, String served, boolean text) {
    this.model = model;
    this.served = served;
    this.text = text;
  }

  @Override
  public MethodDescriptor<PredictionsRequest, PredictionResponse> method() {
    return InferenceAPIsServiceGrpc.getPredictionsMethod();
  }

  @Override
  public PredictionsRequest request(ByteString points, int batch) {
    ByteString body = text ? JsonText.write(points, model.inputShape(batch)) : points;
    return PredictionsRequest.newBuilder().setModelName(served).putInput(FIELD, body).build();
  }

  @Override
  public float[] predictions(PredictionResponse answer, int batch) throws CallException {
    ByteString prediction = answer.getPrediction();
    return text
        ? Floats.of(JsonText.read(prediction), model, batch)
        : Floats.of(prediction, model, batch);
  }

  /** A worker that died while it had the call, or is being started again. */
  @Override
  public Reason reason(Status status) {
    Reason reason = Protocol.super.reason(status);
    String said = String.valueOf(status.getDescription()).toLowerCase(Locale.ROOT);
    boolean nobody = said.contains("worker died") || said.contains("no worker");
    return reason == Reason.OTHER && nobody ? Reason.UNAVAILABLE : reason;
  }
}
