package io.crayfish.clients;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
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
import io.crayfish.protocols.tfserving.Tensor;
import io.crayfish.protocols.tfserving.TensorInfo;
import io.crayfish.protocols.tfserving.TensorShape;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Values of every type to servers that give the points back: as bytes, or in the type's own list. */
@Timeout(60)
final class DtypesTest {
  private static final Map<Dtype, DataType> TF =
      Map.of(
          Dtype.FLOAT32, DataType.DT_FLOAT,
          Dtype.FLOAT64, DataType.DT_DOUBLE,
          Dtype.FLOAT16, DataType.DT_HALF,
          Dtype.INT64, DataType.DT_INT64,
          Dtype.INT32, DataType.DT_INT32,
          Dtype.UINT8, DataType.DT_UINT8,
          Dtype.BOOL, DataType.DT_BOOL);

  private static final Map<Dtype, String> OIP =
      Map.of(
          Dtype.FLOAT32, "FP32",
          Dtype.FLOAT64, "FP64",
          Dtype.FLOAT16, "FP16",
          Dtype.INT64, "INT64",
          Dtype.INT32, "INT32",
          Dtype.UINT8, "UINT8",
          Dtype.BOOL, "BOOL");

  private Server server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.shutdownNow();
    }
  }

  private String start(BindableService service) throws Exception {
    stop();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .addService(service)
            .build()
            .start();
    return "localhost:" + server.getPort();
  }

  private static RunConfig.Model model(Dtype dtype) {
    return new RunConfig.Model("same", "any", "", new int[] {3}, new int[] {3}).of(dtype, dtype);
  }

  private static <A> void end(StreamObserver<A> observer, A answer) {
    observer.onNext(answer);
    observer.onCompleted();
  }

  private static BindableService tfServing(Dtype dtype, boolean asBytes) {
    return new PredictionServiceGrpc.PredictionServiceImplBase() {
      @Override
      public void getModelMetadata(
          GetModelMetadataRequest request, StreamObserver<GetModelMetadataResponse> observer) {
        TensorInfo info =
            TensorInfo.newBuilder()
                .setDtype(TF.get(dtype))
                .setTensorShape(TensorShape.newBuilder().setUnknownRank(true))
                .build();
        SignatureDef signature =
            SignatureDef.newBuilder().putInputs("x", info).putOutputs("x", info).build();
        end(observer, FakeServers.metadata(signature));
      }

      @Override
      public void predict(PredictRequest request, StreamObserver<PredictResponse> observer) {
        Tensor.Builder tensor = request.getInputsOrThrow("x").toBuilder();
        assertEquals(TF.get(dtype), tensor.getDtype());
        if (!asBytes) {
          ByteBuffer values =
              tensor.getTensorContent().asReadOnlyByteBuffer().order(LITTLE_ENDIAN);
          tensor.clearTensorContent();
          while (values.hasRemaining()) {
            switch (dtype) {
              case FLOAT32 -> tensor.addFloatVal(values.getFloat());
              case FLOAT64 -> tensor.addDoubleVal(values.getDouble());
              case FLOAT16 -> tensor.addHalfVal(Short.toUnsignedInt(values.getShort()));
              case INT64 -> tensor.addInt64Val(values.getLong());
              case INT32 -> tensor.addIntVal(values.getInt());
              case UINT8 -> tensor.addIntVal(values.get() & 0xff);
              case BOOL -> tensor.addBoolVal(values.get() == 1);
            }
          }
        }
        end(observer, PredictResponse.newBuilder().putOutputs("x", tensor.build()).build());
      }
    };
  }

  /** Of two inputs and two outputs: scale, a float64 without dimensions, comes back as "a". */
  private static BindableService scaled() {
    return new PredictionServiceGrpc.PredictionServiceImplBase() {
      @Override
      public void getModelMetadata(
          GetModelMetadataRequest request, StreamObserver<GetModelMetadataResponse> observer) {
        TensorInfo points =
            TensorInfo.newBuilder()
                .setDtype(DataType.DT_INT32)
                .setTensorShape(TensorShape.newBuilder().setUnknownRank(true))
                .build();
        TensorInfo scale = TensorInfo.newBuilder().setDtype(DataType.DT_DOUBLE).build();
        SignatureDef signature =
            SignatureDef.newBuilder()
                .putInputs("x", points)
                .putInputs("scale", scale)
                .putOutputs("a", scale)
                .putOutputs("b", points)
                .build();
        end(observer, FakeServers.metadata(signature));
      }

      @Override
      public void predict(PredictRequest request, StreamObserver<PredictResponse> observer) {
        assertEquals(List.of("b"), request.getOutputFilterList());
        Tensor scale = request.getInputsOrThrow("scale");
        assertEquals(DataType.DT_DOUBLE, scale.getDtype());
        assertEquals(0, scale.getTensorShape().getDimCount());
        ByteBuffer values = scale.getTensorContent().asReadOnlyByteBuffer().order(LITTLE_ENDIAN);
        assertEquals(0.5, values.getDouble());
        end(
            observer,
            PredictResponse.newBuilder().putOutputs("b", request.getInputsOrThrow("x")).build());
      }
    };
  }

  private static RunConfig.Model scaledModel(Dtype scale) {
    return new RunConfig.Model(
        "m", "any", "", new int[] {3}, new int[] {3}, "x", "b", 1, Dtype.INT32, Dtype.INT32,
        Map.of("scale", new RunConfig.Constant(scale, new long[] {}, List.of(0.5))));
  }

  @Test
  void constantsAreSentAndTheNamedOutputIsScored() throws Exception {
    RunConfig.Tool named = new RunConfig.Tool("tf-serving", Map.of(), start(scaled()));
    ByteBuffer points = Values.allocate(12).putInt(1).putInt(2).putInt(3).flip();
    try (Scorer scorer = Tools.open(named, scaledModel(Dtype.FLOAT64))) {
      assertEquals(points, scorer.score(Values.again(points), 1));
    }
    ScorerException error =
        assertThrows(ScorerException.class, () -> Tools.open(named, scaledModel(Dtype.FLOAT32)));
    assertTrue(
        error.getMessage().contains("input scale float64[]; the run's constant is float32[]"),
        error.getMessage());
  }

  @Test
  void aConstantThatTheServersModelDoesNotTakeIsNamed() throws Exception {
    RunConfig.Tool named =
        new RunConfig.Tool("tf-serving", Map.of(), start(tfServing(Dtype.INT32, true)));
    ScorerException error =
        assertThrows(ScorerException.class, () -> Tools.open(named, scaledModel(Dtype.FLOAT64)));
    assertTrue(error.getMessage().contains("has no further input scale"), error.getMessage());
  }

  @Test
  void ourOwnServerHasTheConstantsItself() throws Exception {
    RunConfig.Tool named =
        new RunConfig.Tool("tf-predict", Map.of(), start(tfServing(Dtype.INT32, true)));
    ByteBuffer points = Values.allocate(12).putInt(1).putInt(2).putInt(3).flip();
    try (Scorer scorer = Tools.open(named, scaledModel(Dtype.FLOAT64))) {
      assertEquals(points, scorer.score(Values.again(points), 1));
    }
  }

  private static BindableService oip(Dtype dtype, boolean asBytes) {
    return new GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase() {
      @Override
      public void modelMetadata(
          ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
        ModelMetadataResponse.TensorMetadata tensor =
            ModelMetadataResponse.TensorMetadata.newBuilder()
                .setName("x")
                .setDatatype(OIP.get(dtype))
                .addShape(-1)
                .addShape(3)
                .build();
        end(
            observer,
            ModelMetadataResponse.newBuilder().addInputs(tensor).addOutputs(tensor).build());
      }

      @Override
      public void modelInfer(
          ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
        assertEquals(OIP.get(dtype), request.getInputs(0).getDatatype());
        ModelInferResponse.InferOutputTensor.Builder tensor =
            ModelInferResponse.InferOutputTensor.newBuilder()
                .setName("x")
                .setDatatype(OIP.get(dtype))
                .addAllShape(request.getInputs(0).getShapeList());
        ModelInferResponse.Builder response = ModelInferResponse.newBuilder();
        ByteString bytes = request.getRawInputContents(0);
        if (asBytes) {
          response.addRawOutputContents(bytes);
        } else {
          tensor.setContents(list(bytes.asReadOnlyByteBuffer().order(LITTLE_ENDIAN)));
        }
        end(observer, response.addOutputs(tensor).build());
      }

      private InferTensorContents list(ByteBuffer values) {
        InferTensorContents.Builder list = InferTensorContents.newBuilder();
        while (values.hasRemaining()) {
          switch (dtype) {
            case FLOAT32 -> list.addFp32Contents(values.getFloat());
            case FLOAT64 -> list.addFp64Contents(values.getDouble());
            case INT64 -> list.addInt64Contents(values.getLong());
            case INT32 -> list.addIntContents(values.getInt());
            case UINT8 -> list.addUintContents(values.get() & 0xff);
            case BOOL -> list.addBoolContents(values.get() == 1);
            default -> throw new IllegalStateException("the protocol has no list of " + dtype);
          }
        }
        return list.build();
      }
    };
  }

  /** Of two outputs: "b" is the points, and nobody asks for "a". */
  private static BindableService oipOfTwo() {
    return new GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase() {
      private ModelMetadataResponse.TensorMetadata tensor(String name) {
        return ModelMetadataResponse.TensorMetadata.newBuilder()
            .setName(name).setDatatype("INT32").addShape(-1).addShape(3).build();
      }

      @Override
      public void modelMetadata(
          ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
        end(
            observer,
            ModelMetadataResponse.newBuilder()
                .addInputs(tensor("x")).addOutputs(tensor("a")).addOutputs(tensor("b")).build());
      }

      @Override
      public void modelInfer(
          ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
        assertEquals(1, request.getOutputsCount());
        assertEquals("b", request.getOutputs(0).getName());
        end(
            observer,
            ModelInferResponse.newBuilder()
                .addOutputs(
                    ModelInferResponse.InferOutputTensor.newBuilder()
                        .setName("b").setDatatype("INT32")
                        .addAllShape(request.getInputs(0).getShapeList()))
                .addRawOutputContents(request.getRawInputContents(0))
                .build());
      }
    };
  }

  @Test
  void theNamedOutputOfSeveralIsAskedFor() throws Exception {
    RunConfig.Tool tool = new RunConfig.Tool("oip", Map.of(), start(oipOfTwo()));
    RunConfig.Model named =
        new RunConfig.Model(
            "m", "any", "", new int[] {3}, new int[] {3}, null, "b", 1, Dtype.INT32, Dtype.INT32,
            null);
    ByteBuffer points = Values.allocate(12).putInt(1).putInt(2).putInt(3).flip();
    try (Scorer scorer = Tools.open(tool, named)) {
      assertEquals(points, scorer.score(Values.again(points), 1));
    }
    ScorerException error =
        assertThrows(ScorerException.class, () -> Tools.open(tool, model(Dtype.INT32)));
    assertTrue(error.getMessage().contains("outputs a int32[-1, 3], b int32"), error.getMessage());
  }

  private static BindableService rayServe(int flaw) {
    return new ScoringGrpc.ScoringImplBase() {
      @Override
      public void score(Points request, StreamObserver<Predictions> observer) {
        byte[] answer = request.getValues().toByteArray();
        answer[0] += flaw;
        end(
            observer,
            Predictions.newBuilder().setValues(ByteString.copyFrom(answer)).build());
      }
    };
  }

  private void givesBack(String tool, BindableService service, Dtype dtype) throws Exception {
    ByteBuffer points = Values.allocate(6 * dtype.bytes());
    for (int value : new int[] {0, 1, 1, 0, 1, dtype == Dtype.BOOL ? 1 : 200}) {
      Values.put(dtype, points, value);
    }
    points.flip();
    RunConfig.Tool named = new RunConfig.Tool(tool, Map.of(), start(service));
    try (Scorer scorer = Tools.open(named, model(dtype))) {
      assertEquals(points, scorer.score(Values.again(points), 2));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyDtypeGoesThrough(Dtype dtype) throws Exception {
    for (boolean asBytes : new boolean[] {true, false}) {
      givesBack("tf-serving", tfServing(dtype, asBytes), dtype);
      if (asBytes || dtype != Dtype.FLOAT16) {
        givesBack("triton", oip(dtype, asBytes), dtype);
      }
    }
    givesBack("ray-serve", rayServe(0), dtype);
  }

  @ParameterizedTest
  @EnumSource
  void aServersModelOfAnotherDtypeIsSaidInWords(Dtype dtype) throws Exception {
    Dtype other = dtype == Dtype.INT64 ? Dtype.FLOAT64 : Dtype.INT64;
    for (String tool : new String[] {"tf-serving", "oip"}) {
      BindableService service =
          tool.equals("oip") ? oip(dtype, true) : tfServing(dtype, true);
      RunConfig.Tool named = new RunConfig.Tool(tool, Map.of(), start(service));
      ScorerException error =
          assertThrows(ScorerException.class, () -> Tools.open(named, model(other)));
      assertTrue(error.getMessage().contains("x " + dtype + "["), error.getMessage());
      assertTrue(error.getMessage().contains("the run's has " + other), error.getMessage());
    }
  }

  @Test
  void aByteThatIsNoBoolIsNoPrediction() throws Exception {
    RunConfig.Tool named = new RunConfig.Tool("ray-serve", Map.of(), start(rayServe(2)));
    ScorerException error =
        assertThrows(ScorerException.class, () -> Tools.open(named, model(Dtype.BOOL)));
    assertTrue(error.getMessage().contains("neither 0 nor 1, not bool[1, 3]"), error.getMessage());
  }

  @Test
  void aHandlerOfTextIsForFloat32() {
    RunConfig.Tool text = new RunConfig.Tool("torchserve", Map.of("handler", "json"), "localhost:1");
    ScorerException error =
        assertThrows(ScorerException.class, () -> Tools.open(text, model(Dtype.INT32)));
    assertEquals(
        "tool torchserve: option handler: json takes and gives float32; model same takes int32 and"
            + " gives int32: choose handler binary",
        error.getMessage());
  }
}
