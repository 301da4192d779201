package io.crayfish.clients;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.oip.GRPCInferenceServiceGrpc;
import io.crayfish.protocols.oip.ModelInferRequest;
import io.crayfish.protocols.oip.ModelInferResponse;
import io.crayfish.protocols.oip.ModelMetadataRequest;
import io.crayfish.protocols.oip.ModelMetadataResponse;
import io.crayfish.protocols.oip.ModelMetadataResponse.TensorMetadata;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The Open Inference Protocol (KServe version 2): Triton, and others. */
final class Oip implements Protocol<ModelInferRequest, ModelInferResponse> {
  private static final String FLOAT32 = "FP32";

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
    List<Signature> outputs = tensors(answer.getOutputsList());
    input = Signature.only("inputs", inputs, model.inputShape(1)).name();
    output = Signature.only("outputs", outputs, model.outputShape(1)).name();
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
    return datatype.equals(FLOAT32) ? "float32" : datatype;
  }

  @Override
  public ModelInferRequest request(ByteString points, int batch) {
    ModelInferRequest.InferInputTensor.Builder tensor =
        ModelInferRequest.InferInputTensor.newBuilder().setName(input).setDatatype(FLOAT32);
    for (long size : model.inputShape(batch)) {
      tensor.addShape(size);
    }
    return ModelInferRequest.newBuilder()
        .setModelName(served)
        .addInputs(tensor)
        .addRawInputContents(points)
        .build();
  }

  @Override
  public float[] predictions(ModelInferResponse answer, int batch) throws CallException {
    for (int place = 0; place < answer.getOutputsCount(); place++) {
      ModelInferResponse.InferOutputTensor tensor = answer.getOutputs(place);
      if (tensor.getName().equals(output)) {
        long[] shape = tensor.getShapeList().stream().mapToLong(Long::longValue).toArray();
        Floats.check(output, type(tensor.getDatatype()), shape, model, batch);
        return answer.getRawOutputContentsCount() > place
            ? Floats.of(answer.getRawOutputContents(place), model, batch)
            : Floats.of(tensor.getContents().getFp32ContentsList(), model, batch);
      }
    }
    throw new CallException(Reason.BAD_OUTPUT, "its answer has no output " + output);
  }
}
