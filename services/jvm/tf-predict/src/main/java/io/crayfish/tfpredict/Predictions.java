package io.crayfish.tfpredict;

import com.google.protobuf.Any;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.tfserving.GetModelMetadataRequest;
import io.crayfish.protocols.tfserving.GetModelMetadataResponse;
import io.crayfish.protocols.tfserving.ModelSpec;
import io.crayfish.protocols.tfserving.PredictRequest;
import io.crayfish.protocols.tfserving.PredictResponse;
import io.crayfish.protocols.tfserving.PredictionServiceGrpc;
import io.crayfish.protocols.tfserving.SignatureDef;
import io.crayfish.protocols.tfserving.SignatureDefMap;
import io.crayfish.protocols.tfserving.Tensor;
import io.crayfish.protocols.tfserving.TensorInfo;
import io.crayfish.scoring.Fatal;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * The service. A model has one signature, with one input and one output, which it calls by these
 * names whatever they are in its file.
 */
final class Predictions extends PredictionServiceGrpc.PredictionServiceImplBase {
  static final String SIGNATURE = "serving_default";
  static final String INPUT = "input";
  static final String OUTPUT = "output";
  private static final String FIELD = "signature_def";

  private final RunConfig.Model shapes;
  private final Map<String, Served> models;
  private final Metrics metrics;

  /**
   * For models of the same shapes.
   *
   * @param models by their names
   */
  Predictions(RunConfig.Model shapes, Map<String, Served> models, Metrics metrics) {
    this.shapes = shapes;
    this.models = models;
    this.metrics = metrics;
  }

  @Override
  public void predict(PredictRequest request, StreamObserver<PredictResponse> observer) {
    long startNs = System.nanoTime();
    String name = request.getModelSpec().getName();
    metrics.began();
    Status.Code status = Status.Code.OK;
    try {
      if (Context.current().isCancelled()) { // it waited beyond its deadline
        status = Status.Code.CANCELLED;
        return;
      }
      observer.onNext(answer(request));
      observer.onCompleted();
    } catch (StatusRuntimeException refused) {
      status = refused.getStatus().getCode();
      observer.onError(refused);
    } catch (Exception whateverAModelThrows) {
      status = Status.Code.INTERNAL;
      observer.onError(
          Status.INTERNAL.withDescription(whateverAModelThrows.toString()).asRuntimeException());
    } catch (Error error) { // gRPC would end the call, and go on
      throw Fatal.end("a call could not be answered", error);
    } finally {
      // A name that anybody may send is no label.
      metrics.ended(models.containsKey(name) ? name : "unknown", status, startNs);
    }
  }

  private PredictResponse answer(PredictRequest request) throws Exception {
    Served model = model(request.getModelSpec());
    Tensor tensor = request.getInputsMap().get(INPUT);
    if (tensor == null || request.getInputsCount() != 1) {
      throw Status.INVALID_ARGUMENT
          .withDescription(
              "the inputs are " + request.getInputsMap().keySet() + ", not [" + INPUT + "]")
          .asRuntimeException();
    }
    int batch = Tensors.batch(tensor, shapes);
    ByteBuffer predictions = model.predict(Tensors.points(tensor, shapes, batch), batch);
    return PredictResponse.newBuilder()
        .putOutputs(OUTPUT, Tensors.of(predictions, shapes, batch))
        .setModelSpec(request.getModelSpec())
        .build();
  }

  private Served model(ModelSpec spec) {
    Served model = models.get(spec.getName());
    if (model == null) {
      throw Status.NOT_FOUND
          .withDescription("model " + spec.getName() + " is none of " + models.keySet())
          .asRuntimeException();
    }
    if (!spec.getSignatureName().isEmpty() && !spec.getSignatureName().equals(SIGNATURE)) {
      throw Status.INVALID_ARGUMENT
          .withDescription("signature " + spec.getSignatureName() + " is not " + SIGNATURE)
          .asRuntimeException();
    }
    return model;
  }

  @Override
  public void getModelMetadata(
      GetModelMetadataRequest request, StreamObserver<GetModelMetadataResponse> observer) {
    try {
      model(request.getModelSpec());
    } catch (StatusRuntimeException refused) {
      observer.onError(refused);
      return;
    }
    SignatureDef signature =
        SignatureDef.newBuilder()
            .putInputs(INPUT, info(shapes.inputDtype(), shapes.inputShape(-1)))
            .putOutputs(OUTPUT, info(shapes.outputDtype(), shapes.outputShape(-1)))
            .setMethodName("tensorflow/serving/predict")
            .build();
    SignatureDefMap all =
        SignatureDefMap.newBuilder().putSignatureDef(SIGNATURE, signature).build();
    observer.onNext(
        GetModelMetadataResponse.newBuilder()
            .setModelSpec(request.getModelSpec())
            .putMetadata(FIELD, Any.pack(all))
            .build());
    observer.onCompleted();
  }

  private static TensorInfo info(Dtype dtype, long[] shape) {
    return TensorInfo.newBuilder()
        .setDtype(Tensors.type(dtype))
        .setTensorShape(Tensors.shape(shape))
        .build();
  }
}
