package io.crayfish.clients;

import io.crayfish.contract.Reason;
import io.crayfish.scoring.CallException;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;

/** A call that is under way; when it finds nobody, another one follows, if there may be one. */
final class Try<Q, A> extends ClientCall.Listener<A> {
  /**
   * What all tries of a call have in common.
   *
   * @param result what comes of them
   */
  record Asked<Q>(Q request, int batch, Deadline deadline, CompletableFuture<float[]> result) {}

  private final GrpcScorer<Q, A> scorer;
  private final Asked<Q> asked;
  private final Connection connection;
  private final int retries;
  private A answer;

  private Try(GrpcScorer<Q, A> scorer, Asked<Q> asked, Connection connection, int retries) {
    this.scorer = scorer;
    this.asked = asked;
    this.connection = connection;
    this.retries = retries;
  }

  /**
   * Send the message.
   *
   * @param retries how many more tries there may be
   */
  static <Q, A> void start(
      GrpcScorer<Q, A> scorer, Asked<Q> asked, Connection connection, int retries) {
    ClientCall<Q, A> call =
        connection
            .channel()
            .newCall(
                scorer.protocol().method(), CallOptions.DEFAULT.withDeadline(asked.deadline()));
    try {
      call.start(new Try<>(scorer, asked, connection, retries), scorer.protocol().headers());
      call.request(2); // one message, and that there is no other
      call.sendMessage(asked.request());
      call.halfClose();
    } catch (RuntimeException error) {
      call.cancel("it could not be sent", error);
      asked.result().completeExceptionally(new CallException(Reason.OTHER, error.toString()));
    }
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
    Reason reason = scorer.protocol().reason(status);
    if (reason == Reason.UNAVAILABLE && retries > 0 && !asked.deadline().isExpired()) {
      start(scorer, asked, scorer.next(), retries - 1);
      return;
    }
    String what = connection.replica + ": " + status.getCode() + ": " + status.getDescription();
    asked.result().completeExceptionally(new CallException(reason, what));
  }

  private void finish() {
    try {
      if (answer == null) {
        throw new CallException(Reason.BAD_OUTPUT, connection.replica + ": no message");
      }
      asked.result().complete(scorer.protocol().predictions(answer, asked.batch()));
    } catch (CallException | RuntimeException error) { // a message that contradicts itself
      asked
          .result()
          .completeExceptionally(
              error instanceof CallException
                  ? error
                  : new CallException(Reason.BAD_OUTPUT, connection.replica + ": " + error));
    }
  }
}
