package io.crayfish.clients;

import com.google.protobuf.ByteString;
import io.crayfish.contract.Reason;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What a server takes and answers, for one model. Used by many threads once it has been learned.
 *
 * @param <Q> the message of a call
 * @param <A> the message of an answer
 */
interface Protocol<Q, A> {
  /** The call that predicts. */
  MethodDescriptor<Q, A> method();

  /** What goes beside each message; made anew for each call, because gRPC adds to it. */
  default Metadata headers() {
    return new Metadata();
  }

  /**
   * Ask the server for what it calls the model's input and output.
   *
   * @param deadlineMs of each call
   * @throws io.grpc.StatusRuntimeException if it does not answer, or does not know the model
   * @throws ScorerException if its model is another one, in words
   */
  default void learn(Channel server, long deadlineMs) throws ScorerException {}

  /**
   * The message of a call.
   *
   * @param points batch * values of the model's input dtype, little-endian
   */
  Q request(ByteString points, int batch);

  /**
   * The predictions of an answer.
   *
   * @return batch * outputs of its output dtype, little-endian
   * @throws CallException {@link Reason#BAD_OUTPUT} if their shape or dtype is another one
   */
  ByteBuffer predictions(A answer, int batch) throws CallException;

  /** Why a call failed that ended like this. */
  default Reason reason(Status status) {
    return switch (status.getCode()) {
      case DEADLINE_EXCEEDED -> Reason.DEADLINE;
      case UNAVAILABLE, CANCELLED -> Reason.UNAVAILABLE; // a server that ends cancels its calls
      case RESOURCE_EXHAUSTED -> Reason.EXHAUSTED;
      // A connection that is cut in the middle of a call is the transport's exception, not a status.
      case UNKNOWN, INTERNAL ->
          status.getCause() instanceof IOException ? Reason.UNAVAILABLE : Reason.OTHER;
      default -> Reason.OTHER;
    };
  }
}
