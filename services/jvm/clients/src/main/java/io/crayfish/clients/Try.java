package io.crayfish.clients;

import io.crayfish.contract.Reason;
import io.crayfish.scoring.CallException;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A call over gRPC that is under way. */
final class Try<Q, A> extends ClientCall.Listener<A> {
  private final Protocol<Q, A> protocol;
  private final Connection connection;
  private final int batch;
  private final CompletableFuture<ByteBuffer> result = new CompletableFuture<>();
  private A answer;

  private Try(Protocol<Q, A> protocol, Connection connection, int batch) {
    this.protocol = protocol;
    this.connection = connection;
    this.batch = batch;
  }

  /** Send the message; what comes of it. */
  static <Q, A> CompletableFuture<ByteBuffer> start(
      Protocol<Q, A> protocol, Connection connection, Q request, int batch, long deadlineMs) {
    Deadline deadline = Deadline.after(deadlineMs, TimeUnit.MILLISECONDS);
    ClientCall<Q, A> call =
        connection
            .channel()
            .newCall(protocol.method(), CallOptions.DEFAULT.withDeadline(deadline));
    Try<Q, A> made = new Try<>(protocol, connection, batch);
    try {
      call.start(made, protocol.headers());
      call.request(2); // one message, and that there is no other
      call.sendMessage(request);
      call.halfClose();
    } catch (RuntimeException error) {
      call.cancel("it could not be sent", error);
      made.result.completeExceptionally(new CallException(Reason.OTHER, error.toString()));
    }
    return made.result;
  }

  /** What a status is that is not OK. */
  static CallException failure(Protocol<?, ?> protocol, Connection connection, Status status) {
    return new CallException(
        protocol.reason(status),
        connection.replica + ": " + status.getCode() + ": " + status.getDescription());
  }

  @Override
  public void onMessage(A message) {
    answer = message;
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    if (status.isOk()) {
      finish();
      return;
    }
    if (status.getCode() == Status.Code.UNAVAILABLE) {
      connection.lost();
    }
    result.completeExceptionally(
        status.getCause() instanceof Error error
            ? error // the message could not be read, for want of memory
            : failure(protocol, connection, status));
  }

  private void finish() {
    try {
      if (answer == null) {
        throw new CallException(Reason.BAD_OUTPUT, connection.replica + ": no message");
      }
      result.complete(protocol.predictions(answer, batch));
    } catch (CallException | RuntimeException error) { // a message that contradicts itself
      result.completeExceptionally(
          error instanceof CallException
              ? error
              : new CallException(Reason.BAD_OUTPUT, connection.replica + ": " + error));
    } catch (Error error) { // ends the process, which is not for a client to do
      result.completeExceptionally(error);
    }
  }
}
