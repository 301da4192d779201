package io.crayfish.clients;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.oip.GRPCInferenceServiceGrpc;
import io.crayfish.protocols.oip.InferTensorContents;
import io.crayfish.protocols.oip.ModelInferRequest;
import io.crayfish.protocols.oip.ModelInferResponse;
import io.crayfish.protocols.oip.ModelMetadataRequest;
import io.crayfish.protocols.oip.ModelMetadataResponse;
import io.crayfish.protocols.scoring.Points;
import io.crayfish.protocols.scoring.Predictions;
import io.crayfish.protocols.scoring.ScoringGrpc;
import io.crayfish.protocols.tfserving.DataType;
import io.crayfish.protocols.tfserving.GetModelMetadataRequest;
import io.crayfish.protocols.tfserving.GetModelMetadataResponse;
import io.crayfish.protocols.tfserving.PredictRequest;
import io.crayfish.protocols.tfserving.PredictResponse;
import io.crayfish.protocols.tfserving.PredictionServiceGrpc;
import io.crayfish.protocols.tfserving.SignatureDef;
import io.crayfish.protocols.tfserving.SignatureDefMap;
import io.crayfish.protocols.tfserving.Tensor;
import io.crayfish.protocols.tfserving.TensorInfo;
import io.crayfish.protocols.tfserving.TensorShape;
import io.crayfish.protocols.torchserve.InferenceAPIsServiceGrpc;
import io.crayfish.protocols.torchserve.PredictionResponse;
import io.crayfish.protocols.torchserve.PredictionsRequest;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A server of each protocol for a model that takes points of 2 x 3 and answers their sum and their
 * first value; as lists or as bytes.
 */
final class FakeServers {
  static final RunConfig.Model MODEL =
      new RunConfig.Model("sums", "any", "", new int[] {2, 3}, new int[] {2});

  /** What the server says of its input and output; other ones must be refused. */
  record Said(DataType tfType, String oipType, long values, long outputs) {
    static final Said RIGHT = new Said(DataType.DT_FLOAT, "FP32", 3, 2);
  }

  private FakeServers() {}

  static float[] answer(ByteString points) {
    FloatBuffer values = points.asReadOnlyByteBuffer().order(LITTLE_ENDIAN).asFloatBuffer();
    int batch = values.remaining() / 6;
    float[] answer = new float[2 * batch];
    for (int point = 0; point < batch; point++) {
      for (int i = 0; i < 6; i++) {
        answer[2 * point] += values.get(6 * point + i);
      }
      answer[2 * point + 1] = values.get(6 * point);
    }
    return answer;
  }

  static ByteString bytes(float[] values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return ByteString.copyFrom(buffer);
  }

  private static List<Float> list(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }

  private static <A> void end(StreamObserver<A> observer, A answer) {
    observer.onNext(answer);
    observer.onCompleted();
  }

  /** What a server of TensorFlow's API says of its model. */
  static GetModelMetadataResponse metadata(SignatureDef signature) {
    SignatureDefMap map =
        SignatureDefMap.newBuilder().putSignatureDef("serving_default", signature).build();
    return GetModelMetadataResponse.newBuilder().putMetadata("signature_def", Any.pack(map)).build();
  }

  private static boolean known(String name, StreamObserver<?> observer) {
    if (name.equals("sums") || name.equals("noop")) {
      return true;
    }
    observer.onError(
        Status.NOT_FOUND.withDescription("no model " + name).asRuntimeException());
    return false;
  }

  static BindableService tfServing(boolean asBytes, Said said) {
    return new PredictionServiceGrpc.PredictionServiceImplBase() {
      private TensorShape shape(long... sizes) {
        TensorShape.Builder shape = TensorShape.newBuilder();
        for (long size : sizes) {
          shape.addDim(TensorShape.Dim.newBuilder().setSize(size));
        }
        return shape.build();
      }

      @Override
      public void getModelMetadata(
          GetModelMetadataRequest request, StreamObserver<GetModelMetadataResponse> observer) {
        if (!known(request.getModelSpec().getName(), observer)) {
          return;
        }
        TensorInfo.Builder info = TensorInfo.newBuilder().setDtype(said.tfType());
        SignatureDef signature =
            SignatureDef.newBuilder()
                .putInputs("image", info.setTensorShape(shape(-1, 2, said.values())).build())
                .putOutputs("sum", info.setTensorShape(shape(-1, said.outputs())).build())
                .build();
        end(observer, metadata(signature));
      }

      @Override
      public void predict(PredictRequest request, StreamObserver<PredictResponse> observer) {
        Tensor image = request.getInputsOrThrow("image");
        float[] answer = answer(image.getTensorContent());
        long batch = image.getTensorShape().getDim(0).getSize();
        Tensor.Builder sum =
            Tensor.newBuilder().setDtype(DataType.DT_FLOAT).setTensorShape(shape(batch, 2));
        if (asBytes) {
          sum.setTensorContent(bytes(answer));
        } else {
          sum.addAllFloatVal(list(answer));
        }
        end(observer, PredictResponse.newBuilder().putOutputs("sum", sum.build()).build());
      }
    };
  }

  static BindableService oip(boolean asBytes, Said said) {
    return new GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase() {
      private ModelMetadataResponse.TensorMetadata tensor(String name, long... sizes) {
        ModelMetadataResponse.TensorMetadata.Builder tensor =
            ModelMetadataResponse.TensorMetadata.newBuilder()
                .setName(name)
                .setDatatype(said.oipType());
        for (long size : sizes) {
          tensor.addShape(size);
        }
        return tensor.build();
      }

      @Override
      public void modelMetadata(
          ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
        if (known(request.getName(), observer)) {
          end(
              observer,
              ModelMetadataResponse.newBuilder()
                  .addInputs(tensor("image", -1, 2, said.values()))
                  .addOutputs(tensor("sum", -1, said.outputs()))
                  .build());
        }
      }

      @Override
      public void modelInfer(
          ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
        float[] answer = answer(request.getRawInputContents(0));
        ModelInferResponse.InferOutputTensor.Builder sum =
            ModelInferResponse.InferOutputTensor.newBuilder()
                .setName("sum")
                .setDatatype("FP32")
                .addShape(request.getInputs(0).getShape(0))
                .addShape(2);
        ModelInferResponse.Builder response = ModelInferResponse.newBuilder();
        if (asBytes) {
          response.addRawOutputContents(bytes(answer));
        } else {
          sum.setContents(InferTensorContents.newBuilder().addAllFp32Contents(list(answer)));
        }
        end(observer, response.addOutputs(sum).build());
      }
    };
  }

  static BindableService torchServe() {
    return new InferenceAPIsServiceGrpc.InferenceAPIsServiceImplBase() {
      @Override
      public void predictions(
          PredictionsRequest request, StreamObserver<PredictionResponse> observer) {
        if (known(request.getModelName(), observer)) {
          ByteString data = request.getInputOrThrow("data");
          ByteString prediction =
              data.byteAt(0) == '[' && data.byteAt(1) == '['
                  ? ByteString.copyFromUtf8("[[21.5, " + data.toStringUtf8().charAt(3) + "e0]]")
                  : bytes(answer(data));
          end(observer, PredictionResponse.newBuilder().setPrediction(prediction).build());
        }
      }
    };
  }

  static BindableService rayServe() {
    return new ScoringGrpc.ScoringImplBase() {
      @Override
      public void score(Points request, StreamObserver<Predictions> observer) {
        end(
            observer,
            Predictions.newBuilder().setValues(bytes(answer(request.getValues()))).build());
      }
    };
  }

  /** Notes what came beside the messages. */
  static ServerInterceptor notes(AtomicReference<Metadata> seen) {
    return new ServerInterceptor() {
      @Override
      public <Q, A> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        seen.set(headers);
        return next.startCall(call, headers);
      }
    };
  }
}
