package io.crayfish.tfpredict;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.google.protobuf.UnsafeByteOperations;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.Half;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import io.crayfish.protocols.tfserving.DataType;
import io.crayfish.protocols.tfserving.Tensor;
import io.crayfish.protocols.tfserving.TensorShape;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Points out of messages, and predictions into them. */
final class Tensors {
  private Tensors() {}

  /**
   * How many points a tensor has.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, if it is none of the model's points
   */
  static int batch(Tensor tensor, RunConfig.Model model) {
    long[] shape = sizes(tensor.getTensorShape());
    boolean some = shape.length > 0 && shape[0] > 0 && shape[0] <= Integer.MAX_VALUE;
    if (tensor.getDtype() != type(model.inputDtype())
        || !some
        || !Arrays.equals(shape, model.inputShape((int) shape[0]))) {
      throw Status.INVALID_ARGUMENT
          .withDescription(
              "the input is " + tensor.getDtype() + Arrays.toString(shape)
                  + ", the model takes " + type(model.inputDtype()) + " of [batch, "
                  + Arrays.toString(model.inputShape()).substring(1))
          .asRuntimeException();
    }
    return (int) shape[0];
  }

  /**
   * The values of a tensor, where they lie.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, if they are not those of its shape
   */
  static ByteBuffer points(Tensor tensor, RunConfig.Model model, int batch) {
    Dtype dtype = model.inputDtype();
    ByteBuffer points = tensor.getTensorContent().asReadOnlyByteBuffer().order(LITTLE_ENDIAN);
    if (tensor.getTensorContent().isEmpty()) {
      points = listed(tensor, dtype);
    }
    if (points.remaining() != (long) batch * model.values() * dtype.bytes()
        || !Values.areValid(dtype, points)) {
      throw Status.INVALID_ARGUMENT
          .withDescription(
              "the input has " + points.remaining() + " bytes of values, its shape says "
                  + (long) batch * model.values() + " of " + dtype)
          .asRuntimeException();
    }
    return points;
  }

  /** Those that are no bytes: each type has a list, or shares one. */
  private static ByteBuffer listed(Tensor tensor, Dtype dtype) {
    List<? extends Number> list =
        switch (dtype) {
          case FLOAT32 -> tensor.getFloatValList();
          case FLOAT64 -> tensor.getDoubleValList();
          case FLOAT16 ->
              tensor.getHalfValList().stream()
                  .map(bits -> Half.toFloat(bits.shortValue()))
                  .toList();
          case INT64 -> tensor.getInt64ValList();
          case INT32, UINT8 -> tensor.getIntValList();
          case BOOL -> tensor.getBoolValList().stream().map(value -> value ? 1 : 0).toList();
        };
    ByteBuffer values = Values.allocate(dtype.bytes() * list.size());
    list.forEach(value -> Values.put(dtype, values, value));
    return values.flip();
  }

  /** The tensor of a batch of predictions. */
  static Tensor of(ByteBuffer predictions, RunConfig.Model model, int batch) {
    return Tensor.newBuilder()
        .setDtype(type(model.outputDtype()))
        .setTensorShape(shape(model.outputShape(batch)))
        .setTensorContent(UnsafeByteOperations.unsafeWrap(predictions))
        .build();
  }

  static DataType type(Dtype dtype) {
    return switch (dtype) {
      case FLOAT32 -> DataType.DT_FLOAT;
      case FLOAT64 -> DataType.DT_DOUBLE;
      case FLOAT16 -> DataType.DT_HALF;
      case INT64 -> DataType.DT_INT64;
      case INT32 -> DataType.DT_INT32;
      case UINT8 -> DataType.DT_UINT8;
      case BOOL -> DataType.DT_BOOL;
    };
  }

  static TensorShape shape(long[] sizes) {
    TensorShape.Builder shape = TensorShape.newBuilder();
    for (long size : sizes) {
      shape.addDim(TensorShape.Dim.newBuilder().setSize(size));
    }
    return shape.build();
  }

  private static long[] sizes(TensorShape shape) {
    return shape.getDimList().stream().mapToLong(TensorShape.Dim::getSize).toArray();
  }
}
