package io.crayfish.clients;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.oip.GRPCInferenceServiceGrpc;
import io.crayfish.protocols.oip.InferTensorContents;
import io.crayfish.protocols.oip.ModelInferRequest;
import io.crayfish.protocols.oip.ModelInferResponse;
import io.crayfish.protocols.oip.ModelMetadataRequest;
import io.crayfish.protocols.oip.ModelMetadataResponse;
import io.crayfish.protocols.oip.ModelMetadataResponse.TensorMetadata;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The Open Inference Protocol (KServe version 2): Triton, and others. */
final class Oip implements Protocol<ModelInferRequest, ModelInferResponse> {
  private static final Map<Dtype, String> TYPES =
      new EnumMap<>(
          Map.of(
              Dtype.FLOAT32, "FP32",
              Dtype.FLOAT64, "FP64",
              Dtype.FLOAT16, "FP16",
              Dtype.INT64, "INT64",
              Dtype.INT32, "INT32",
              Dtype.UINT8, "UINT8",
              Dtype.BOOL, "BOOL"));

  private final RunConfig.Model model;
  private final String served;
  private volatile String input;
  private volatile String output;

  Oip(RunConfig.Model model, String served) {
    this.model = model;
    this.served = served;
  }

  @Override
  public MethodDescriptor<ModelInferRequest, ModelInferResponse> method() {
    return GRPCInferenceServiceGrpc.getModelInferMethod();
  }

  @Override
  public void learn(Channel server, long deadlineMs) throws ScorerException {
    ModelMetadataResponse answer =
        GRPCInferenceServiceGrpc.newBlockingStub(server)
            .withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS)
            .modelMetadata(ModelMetadataRequest.newBuilder().setName(served).build());
    List<Signature> inputs = tensors(answer.getInputsList());
    List<Signature> outputs =
        Signature.named(tensors(answer.getOutputsList()), model.outputName());
    input = Signature.only("inputs", inputs, model.inputDtype(), model.inputShape(1)).name();
    output = Signature.only("outputs", outputs, model.outputDtype(), model.outputShape(1)).name();
  }

  private static List<Signature> tensors(List<TensorMetadata> all) {
    return all.stream()
        .map(
            tensor ->
                new Signature(
                    tensor.getName(),
                    type(tensor.getDatatype()),
                    tensor.getShapeList().stream().mapToLong(Long::longValue).toArray()))
        .toList();
  }

  private static String type(String datatype) {
    for (Map.Entry<Dtype, String> entry : TYPES.entrySet()) {
      if (entry.getValue().equals(datatype)) {
        return entry.getKey().word();
      }
    }
    return datatype;
  }

  @Override
  public ModelInferRequest request(ByteString points, int batch) {
    ModelInferRequest.InferInputTensor.Builder tensor =
        ModelInferRequest.InferInputTensor.newBuilder()
            .setName(input)
            .setDatatype(TYPES.get(model.inputDtype()));
    for (long size : model.inputShape(batch)) {
      tensor.addShape(size);
    }
    return ModelInferRequest.newBuilder()
        .setModelName(served)
        .addInputs(tensor)
        .addOutputs(ModelInferRequest.InferRequestedOutputTensor.newBuilder().setName(output))
        .addRawInputContents(points)
        .build();
  }

  @Override
  public ByteBuffer predictions(ModelInferResponse answer, int batch) throws CallException {
    for (int place = 0; place < answer.getOutputsCount(); place++) {
      ModelInferResponse.InferOutputTensor tensor = answer.getOutputs(place);
      if (tensor.getName().equals(output)) {
        long[] shape = tensor.getShapeList().stream().mapToLong(Long::longValue).toArray();
        Answer.check(output, type(tensor.getDatatype()), shape, model, batch);
        return answer.getRawOutputContentsCount() > place
            ? Answer.of(answer.getRawOutputContents(place), model, batch)
            : Answer.of(list(tensor.getContents()), model, batch);
      }
    }
    throw new CallException(Reason.BAD_OUTPUT, "its answer has no output " + output);
  }

  /** Its values, where they are not bytes; the protocol has no such list of float16. */
  private List<? extends Number> list(InferTensorContents contents) {
    return switch (model.outputDtype()) {
      case FLOAT32 -> contents.getFp32ContentsList();
      case FLOAT64 -> contents.getFp64ContentsList();
      case FLOAT16 -> List.of();
      case INT64 -> contents.getInt64ContentsList();
      case INT32 -> contents.getIntContentsList();
      case UINT8 -> contents.getUintContentsList();
      case BOOL -> Answer.numbers(contents.getBoolContentsList());
    };
  }
}
