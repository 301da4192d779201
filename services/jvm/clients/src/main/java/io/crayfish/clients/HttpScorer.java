package io.crayfish.clients;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.CallException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server that takes POST /NAME with the points as they are, little-endian, and answers
 * predictions alike. With HTTP/1.1 a connection has one call at a time, so there are as many as calls are
 * under way.
 */
final class HttpScorer extends ServerScorer<HttpScorer.Replica, byte[]> {
  private static final int OK = 200;

  /** Characters of an error's body that are worth a line. */
  private static final int SAID = 200;

  /** How many points the body has. */
  private static final String BATCH_HEADER = "Crayfish-Batch";

  /** Where one of them is called. */
  record Replica(String address, URI uri) {}

  private final RunConfig.Model model;
  private final List<Replica> replicas;
  private final HttpClient client;

  /** Not yet loaded. */
  HttpScorer(Settings settings, RunConfig.Model model) {
    super(settings, model.inputBytes(1));
    this.model = model;
    String scheme = settings.trust() == null ? "http" : "https";
    replicas =
        settings.replicas().stream()
            .map(at -> new Replica(at, URI.create(scheme + "://" + at + "/" + settings.served())))
            .toList();
    HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    if (settings.trust() != null) {
      builder.sslContext(settings.trust().context());
    }
    client = builder.build();
  }

  @Override
  List<Replica> targets() {
    return replicas;
  }

  @Override
  String replica(Replica replica) {
    return replica.address();
  }

  @Override
  void learn(Replica replica, long deadlineMs) {} // there are no names of tensors

  @Override
  byte[] request(ByteBuffer points, int batch) {
    byte[] body = new byte[points.remaining()];
    points.duplicate().get(body);
    return body;
  }

  @Override
  CompletableFuture<ByteBuffer> send(byte[] body, int batch, Replica replica, long deadlineMs) {
    HttpRequest request =
        HttpRequest.newBuilder(replica.uri())
            .header(BATCH_HEADER, String.valueOf(batch))
            .header("Content-Type", "application/octet-stream")
            .timeout(Duration.ofMillis(deadlineMs)) // until the answer begins: then it is cut off
            .POST(BodyPublishers.ofByteArray(body))
            .build();
    CompletableFuture<ByteBuffer> result = new CompletableFuture<>();
    client
        .sendAsync(request, BodyHandlers.ofByteArray())
        .orTimeout(deadlineMs, TimeUnit.MILLISECONDS) // until it ends
        .whenComplete(
            (response, failed) -> {
              try {
                result.complete(predictions(replica, response, failed, batch));
              } catch (CallException call) {
                result.completeExceptionally(call);
              } catch (RuntimeException bug) {
                result.completeExceptionally(new CallException(Reason.OTHER, bug.toString()));
              } catch (Error error) { // ends the process, which is not for a client to do
                result.completeExceptionally(error);
              }
            });
    return result;
  }

  private ByteBuffer predictions(
      Replica replica, HttpResponse<byte[]> response, Throwable failed, int batch)
      throws CallException {
    if (failed != null) {
      Throwable cause = failed instanceof CompletionException ? failed.getCause() : failed;
      if (cause instanceof Error error) {
        throw error;
      }
      throw failure(replica, cause);
    }
    if (response.statusCode() != OK) {
      String said = new String(response.body(), StandardCharsets.UTF_8).strip();
      throw new CallException(
          reason(response.statusCode()),
          replica.address() + ": status " + response.statusCode() + ": "
              + said.substring(0, Math.min(said.length(), SAID)));
    }
    ByteString body = UnsafeByteOperations.unsafeWrap(response.body());
    return Answer.of(body, model, batch);
  }

  /** Of a call without an answer: it was late, or there was nobody (any more). */
  private static CallException failure(Replica replica, Throwable failed) {
    Reason reason = Reason.OTHER;
    if (failed instanceof HttpTimeoutException || failed instanceof TimeoutException) {
      reason = Reason.DEADLINE;
    } else if (failed instanceof IOException) {
      reason = Reason.UNAVAILABLE;
    }
    return new CallException(reason, replica.address() + ": " + failed);
  }

  /** Why a call failed that ended with this status. */
  static Reason reason(int status) {
    return switch (status) {
      case 408, 504 -> Reason.DEADLINE;
      case 429 -> Reason.EXHAUSTED;
      case 502, 503 -> Reason.UNAVAILABLE; // of a proxy whose server is not there, too
      default -> Reason.OTHER;
    };
  }

  /** Its connections end when nobody has it any more. */
  @Override
  public void close() {}
}
