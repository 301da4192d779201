package io.crayfish.scoring;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.JsonLog;
import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * From a request message to a result message: the loop body of every processor on the JVM. It never
 * throws and never drops: an exception makes a failed result, an error ends the process. It belongs to
 * one thread, except {@link #submit}, which any may call. The first record that it cannot score is
 * logged with the reason: what comes out of it says only that it failed.
 */
public final class RecordScorer implements AutoCloseable {
  private static final JsonLog LOG = new JsonLog("scorer");

  private final Scorer scorer;

  /** The same one, if it can have many calls under way; else null. */
  private final AsyncScorer server;

  private final Carried carried;
  private final Begun.Reader reader;
  private final Consumer<String> warn;
  private final Fatal.End end;
  private final AtomicBoolean told = new AtomicBoolean();

  /**
   * Around a loaded scorer.
   *
   * @param model that it has loaded
   * @param format how requests are read and results written: binary or json
   */
  public RecordScorer(Scorer scorer, RunConfig.Model model, String format) {
    this(scorer, Carried.by(model), format, LOG::warning, Fatal::halt);
  }

  /**
   * The same for float32.
   *
   * @param values of one point
   */
  public RecordScorer(Scorer scorer, int values, String format) {
    this(scorer, values, format, LOG::warning);
  }

  RecordScorer(Scorer scorer, int values, String format, Consumer<String> warn) {
    this(scorer, new Carried(values, Dtype.FLOAT32, Dtype.FLOAT32), format, warn, Fatal::halt);
  }

  RecordScorer(
      Scorer scorer, Carried carried, String format, Consumer<String> warn, Fatal.End end) {
    this.warn = warn;
    this.end = end;
    this.scorer = scorer;
    this.server = scorer instanceof AsyncScorer async ? async : null;
    this.carried = carried;
    this.reader = Begun.reader(format);
  }

  /**
   * With the tool and the model of a run.
   *
   * @throws ScorerException if they cannot be used, or not in the run's call mode
   */
  public static RecordScorer open(RunConfig config) throws ScorerException {
    Scorer scorer = Tools.open(config);
    return new RecordScorer(scorer, config.model(), config.format());
  }

  /**
   * With the tool and the model of a run config's text.
   *
   * @throws ScorerException if they cannot be used, or the text is no run config
   */
  public static RecordScorer open(String runConfigJson) throws ScorerException {
    try {
      return open(RunConfig.parse(runConfigJson));
    } catch (IOException error) {
      throw new ScorerException(error.getMessage(), error);
    }
  }

  /** Unix time in nanoseconds. */
  public static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  /**
   * One message to one message.
   *
   * @param message null is a Kafka message without a value: no record
   */
  public byte[] process(byte[] message) {
    try {
      return scored(begin(message, now()));
    } catch (Error error) {
      throw ended(error);
    }
  }

  private byte[] scored(Begun request) {
    if (request.refusal() != null) {
      return refused(request);
    }
    try {
      return request.scored(call(request.points(), request.batch()), 0);
    } catch (Exception whateverAModelThrows) { // a prediction that JSON cannot hold, too
      return failed(request, whateverAModelThrows, 0);
    }
  }

  /** One call. */
  ByteBuffer call(ByteBuffer points, int batch) throws Exception {
    if (server == null) {
      return scorer.score(points, batch);
    }
    try {
      return server.score(points, batch);
    } catch (InterruptedException killed) {
      Thread.currentThread().interrupt(); // whoever runs this thread wants it to end
      throw killed;
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof Error error) {
        throw error;
      }
      throw failed;
    }
  }

  /** The process ends; only if the thread shall, this is to be thrown on. */
  Error ended(Error error) {
    return Fatal.end("a record could not be scored", error, end);
  }

  /** For several messages in one call of the model. */
  public Together together() {
    return new Together(this);
  }

  /**
   * Begin to make a message of a message; for a tool that is a model server.
   *
   * @param message null is a Kafka message without a value: no record
   * @return the result, which is there when the call has ended; it does not fail. What depends on it
   *     runs in the thread that got the answer, and must not block
   * @throws IllegalStateException if the tool is none
   */
  public CompletableFuture<byte[]> submit(byte[] message) {
    return submit(message, now());
  }

  /**
   * The same for a message that had to wait for its turn.
   *
   * @param receivedNs Unix ns when it was there
   */
  public CompletableFuture<byte[]> submit(byte[] message, long receivedNs) {
    if (server == null) {
      throw new IllegalStateException("a library in this process scores one record at a time");
    }
    try {
      return submitted(begin(message, receivedNs));
    } catch (Error error) {
      throw ended(error);
    }
  }

  private CompletableFuture<byte[]> submitted(Begun request) {
    if (request.refusal() != null) {
      return CompletableFuture.completedFuture(refused(request));
    }
    int waited = waitedUs(request, now());
    CompletableFuture<ByteBuffer> call;
    try {
      call = server.submit(request.points(), request.batch());
    } catch (RuntimeException failed) {
      return CompletableFuture.completedFuture(failed(request, failed, waited));
    }
    return call.handle(
        (output, failed) -> {
          try {
            return finished(request, output, failed, waited);
          } catch (Error error) { // the future would keep it to itself
            throw ended(error);
          }
        });
  }

  byte[] finished(Begun request, ByteBuffer output, Throwable failed, int waited) {
    if (failed instanceof Error error) {
      throw error;
    }
    if (failed != null) {
      return failed(request, failed, waited);
    }
    try {
      return request.scored(output, waited);
    } catch (Exception notWritable) { // a prediction that JSON cannot hold
      return failed(request, notWritable, waited);
    }
  }

  Begun begin(byte[] message, long receivedNs) {
    return message == null
        ? new NoRecord(receivedNs, "it has no value")
        : reader.begin(message, carried, receivedNs);
  }

  /** From the receipt of a record until its call. */
  static int waitedUs(Begun request, long handedNs) {
    long waited = (handedNs - request.receivedNs()) / 1000;
    return (int) Math.max(0, Math.min(waited, 0xffff_ffffL)); // the clock may have been set
  }

  byte[] refused(Begun request) {
    tell(request, request.refusal());
    return request.failed(Reason.NONE, 0);
  }

  byte[] failed(Begun request, Throwable failed, int waited) {
    tell(request, failed);
    Reason reason = server == null ? Reason.NONE : Reason.OTHER;
    return request.failed(failed instanceof CallException call ? call.reason() : reason, waited);
  }

  private void tell(Begun request, Object reason) {
    if (!told.get() && told.compareAndSet(false, true)) {
      warn.accept(
          request.name() + " could not be scored (others are not logged): " + reason);
    }
  }

  @Override
  public void close() {
    scorer.close();
  }
}
