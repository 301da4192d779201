package io.crayfish.clients;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.Half;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.tfserving.DataType;
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
import io.crayfish.protocols.tfserving.TensorShape;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** TensorFlow Serving's PredictionService, signature {@code serving_default}. */
final class TfServing implements Protocol<PredictRequest, PredictResponse> {
  private static final String SIGNATURE = "serving_default";
  private static final Map<Dtype, DataType> TYPES =
      new EnumMap<>(
          Map.of(
              Dtype.FLOAT32, DataType.DT_FLOAT,
              Dtype.FLOAT64, DataType.DT_DOUBLE,
              Dtype.FLOAT16, DataType.DT_HALF,
              Dtype.INT64, DataType.DT_INT64,
              Dtype.INT32, DataType.DT_INT32,
              Dtype.UINT8, DataType.DT_UINT8,
              Dtype.BOOL, DataType.DT_BOOL));
  private static final String FIELD = "signature_def";

  private final RunConfig.Model model;
  private final ModelSpec spec;
  private final Map<String, RunConfig.Constant> constants;
  private final Map<String, Tensor> further = new HashMap<>();
  private volatile String input;
  private volatile String output;

  /**
   * Of one model of a server.
   *
   * @param served what the server calls it
   * @param constants of further inputs that each request brings along; empty: there are none, or the
   *     server has them
   */
  TfServing(RunConfig.Model model, String served, Map<String, RunConfig.Constant> constants) {
    this.model = model;
    this.constants = constants;
    constants.forEach((name, constant) -> further.put(name, tensor(constant)));
    this.spec = ModelSpec.newBuilder().setName(served).setSignatureName(SIGNATURE).build();
  }

  @Override
  public MethodDescriptor<PredictRequest, PredictResponse> method() {
    return PredictionServiceGrpc.getPredictMethod();
  }

  @Override
  public void learn(Channel server, long deadlineMs) throws ScorerException {
    GetModelMetadataResponse answer =
        PredictionServiceGrpc.newBlockingStub(server)
            .withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS)
            .getModelMetadata(
                GetModelMetadataRequest.newBuilder()
                    .setModelSpec(spec)
                    .addMetadataField(FIELD)
                    .build());
    SignatureDef signature = signature(answer);
    List<Signature> inputs = new ArrayList<>(tensors(signature.getInputsMap()));
    checkConstants(inputs);
    inputs.removeIf(tensor -> constants.containsKey(tensor.name()));
    List<Signature> outputs = Signature.named(tensors(signature.getOutputsMap()), model.outputName());
    input = Signature.only("inputs", inputs, model.inputDtype(), model.inputShape(1)).name();
    output = Signature.only("outputs", outputs, model.outputDtype(), model.outputShape(1)).name();
  }

  private void checkConstants(List<Signature> inputs) throws ScorerException {
    for (Map.Entry<String, RunConfig.Constant> entry : constants.entrySet()) {
      String wanted = entry.getValue().dtype() + Arrays.toString(entry.getValue().shape());
      Signature found =
          inputs.stream()
              .filter(tensor -> tensor.name().equals(entry.getKey()))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ScorerException(
                          "the server's model has no further input " + entry.getKey()
                              + "; it has " + inputs));
      if (!found.fits(entry.getValue().dtype(), entry.getValue().shape())) {
        throw new ScorerException(
            "the server's model has the input " + found + "; the run's constant is " + wanted);
      }
    }
  }

  private static Tensor tensor(RunConfig.Constant constant) {
    TensorShape.Builder shape = TensorShape.newBuilder();
    for (long size : constant.shape()) {
      shape.addDim(TensorShape.Dim.newBuilder().setSize(size));
    }
    return Tensor.newBuilder()
        .setDtype(TYPES.get(constant.dtype()))
        .setTensorShape(shape)
        .setTensorContent(ByteString.copyFrom(constant.values()))
        .build();
  }

  private static SignatureDef signature(GetModelMetadataResponse answer) throws ScorerException {
    try {
      if (answer.containsMetadata(FIELD)) {
        // Not Any.unpack: it compares the message's full name, and ours is of another package.
        Map<String, SignatureDef> all =
            SignatureDefMap.parseFrom(answer.getMetadataOrThrow(FIELD).getValue())
                .getSignatureDefMap();
        if (all.containsKey(SIGNATURE)) {
          return all.get(SIGNATURE);
        }
        throw new ScorerException(
            "the server's model has the signatures " + all.keySet() + ", not " + SIGNATURE);
      }
    } catch (InvalidProtocolBufferException error) {
      throw new ScorerException("its metadata cannot be read: " + error.getMessage(), error);
    }
    throw new ScorerException("the server's model has no signatures");
  }

  private static List<Signature> tensors(Map<String, TensorInfo> infos) {
    return infos.entrySet().stream()
        .map(
            entry -> {
              TensorShape shape = entry.getValue().getTensorShape();
              return new Signature(
                  entry.getKey(),
                  type(entry.getValue().getDtype()),
                  shape.getUnknownRank() ? null : sizes(shape));
            })
        .toList();
  }

  private static String type(DataType type) {
    for (Map.Entry<Dtype, DataType> entry : TYPES.entrySet()) {
      if (entry.getValue() == type) {
        return entry.getKey().word();
      }
    }
    return type.name();
  }

  private static long[] sizes(TensorShape shape) {
    return shape.getDimList().stream().mapToLong(TensorShape.Dim::getSize).toArray();
  }

  @Override
  public PredictRequest request(ByteString points, int batch) {
    TensorShape.Builder shape = TensorShape.newBuilder();
    for (long size : model.inputShape(batch)) {
      shape.addDim(TensorShape.Dim.newBuilder().setSize(size));
    }
    Tensor tensor =
        Tensor.newBuilder()
            .setDtype(TYPES.get(model.inputDtype()))
            .setTensorShape(shape)
            .setTensorContent(points)
            .build();
    return PredictRequest.newBuilder()
        .setModelSpec(spec)
        .addOutputFilter(output)
        .putAllInputs(further)
        .putInputs(input, tensor)
        .build();
  }

  @Override
  public ByteBuffer predictions(PredictResponse answer, int batch) throws CallException {
    Tensor tensor = answer.getOutputsMap().get(output);
    if (tensor == null) {
      throw new CallException(
          Reason.BAD_OUTPUT,
          "it answers " + answer.getOutputsMap().keySet() + ", not " + output);
    }
    Answer.check(output, type(tensor.getDtype()), sizes(tensor.getTensorShape()), model, batch);
    return tensor.getTensorContent().isEmpty()
        ? Answer.of(list(tensor), model, batch)
        : Answer.of(tensor.getTensorContent(), model, batch);
  }

  /** Its values, where they are not bytes: each type has a field, or shares one. */
  private List<? extends Number> list(Tensor tensor) {
    return switch (model.outputDtype()) {
      case FLOAT32 -> tensor.getFloatValList();
      case FLOAT64 -> tensor.getDoubleValList();
      case FLOAT16 ->
          tensor.getHalfValList().stream().map(bits -> Half.toFloat(bits.shortValue())).toList();
      case INT64 -> tensor.getInt64ValList();
      case INT32, UINT8 -> tensor.getIntValList();
      case BOOL -> Answer.numbers(tensor.getBoolValList());
    };
  }
}
