package io.crayfish.tfpredict;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.google.protobuf.UnsafeByteOperations;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.tfserving.DataType;
import io.crayfish.protocols.tfserving.Tensor;
import io.crayfish.protocols.tfserving.TensorShape;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

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
    if (tensor.getDtype() != DataType.DT_FLOAT
        || !some
        || !Arrays.equals(shape, model.inputShape((int) shape[0]))) {
      throw Status.INVALID_ARGUMENT
          .withDescription(
              "the input is " + tensor.getDtype() + Arrays.toString(shape)
                  + ", the model takes DT_FLOAT of [batch, "
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
  static FloatBuffer points(Tensor tensor, RunConfig.Model model, int batch) {
    FloatBuffer points;
    if (tensor.getTensorContent().isEmpty()) {
      points = FloatBuffer.allocate(tensor.getFloatValCount());
      for (int i = 0; i < points.capacity(); i++) {
        points.put(i, tensor.getFloatVal(i));
      }
    } else {
      ByteBuffer bytes = tensor.getTensorContent().asReadOnlyByteBuffer().order(LITTLE_ENDIAN);
      points = bytes.asFloatBuffer();
    }
    if (points.remaining() != (long) batch * model.values()) {
      throw Status.INVALID_ARGUMENT
          .withDescription(
              "the input has " + points.remaining() + " values, its shape says "
                  + (long) batch * model.values())
          .asRuntimeException();
    }
    return points;
  }

  /** The tensor of a batch of predictions. */
  static Tensor of(float[] predictions, RunConfig.Model model, int batch) {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * predictions.length).order(LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(predictions);
    return Tensor.newBuilder()
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(shape(model.outputShape(batch)))
        .setTensorContent(UnsafeByteOperations.unsafeWrap(bytes))
        .build();
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
