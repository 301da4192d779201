package io.crayfish.clients;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.torchserve.InferenceAPIsServiceGrpc;
import io.crayfish.protocols.torchserve.PredictionResponse;
import io.crayfish.protocols.torchserve.PredictionsRequest;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * TorchServe: it hands bytes to the model's handler, and knows nothing of shapes. Handlers take and give
 * values of the model's types as bytes, or float32 as the JSON text of TorchServe's own handlers.
 */
final class TorchServe implements Protocol<PredictionsRequest, PredictionResponse> {
  /** The field that handlers read. */
  private static final String FIELD = "data";

  private final RunConfig.Model model;
  private final String served;
  private final boolean text;

  /**
   * For a model.
   *
   * @param text whether its handler is one of TorchServe's own
   * @throws ScorerException if that takes or gives another type
   */
  TorchServe(RunConfig.Model model, String served, boolean text) throws ScorerException {
    if (text && (model.inputDtype() != Dtype.FLOAT32 || model.outputDtype() != Dtype.FLOAT32)) {
      throw new ScorerException(
          "tool torchserve: option handler: json takes and gives float32; model " + model.name()
              + " takes " + model.inputDtype() + " and gives " + model.outputDtype()
              + ": choose handler binary");
    }
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
  public ByteBuffer predictions(PredictionResponse answer, int batch) throws CallException {
    ByteString prediction = answer.getPrediction();
    return text
        ? Answer.of(JsonText.read(prediction), model, batch)
        : Answer.of(prediction, model, batch);
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
