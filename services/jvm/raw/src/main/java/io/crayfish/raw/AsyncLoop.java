package io.crayfish.raw;

import io.crayfish.contract.Reason;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.Fatal;
import io.crayfish.scoring.RecordScorer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;

/** So many calls under way: whenever one ends, the next one begins. */
final class AsyncLoop extends Loop {
  private final AsyncScorer server;
  private final int inFlight;

  AsyncLoop(AsyncScorer server, Batches batches, int inFlight) {
    super(server, batches);
    this.server = server;
    this.inFlight = inFlight;
  }

  @Override
  void warmUp(double seconds) throws Exception {
    run(Long.MAX_VALUE, System.nanoTime() + Math.round(seconds * 1e9), null);
  }

  @Override
  Calls score(long count, Double seconds) throws Exception {
    long cpu = cpuNs();
    List<Timed> calls = new ArrayList<>();
    long endNs =
        seconds == null ? Long.MAX_VALUE : System.nanoTime() + Math.round(seconds * 1e9);
    run(count, endNs, calls);
    return new Calls(
        calls.stream().mapToLong(call -> call.startNs).toArray(),
        calls.stream().mapToLong(call -> call.endNs).toArray(),
        Arrays.asList(calls.stream().map(call -> call.output).toArray(ByteBuffer[]::new)),
        calls.stream().map(call -> call.reason).toList(),
        cpuNs() - cpu);
  }

  /** A call; written by the thread that got its answer, and read when all have ended. */
  private static final class Timed {
    private final long startNs = RecordScorer.now();
    private long endNs;
    private ByteBuffer output;
    private Reason reason = Reason.NONE;
  }

  /** Until so many have been made, or until that time; all have ended when it returns. */
  private void run(long count, long endNs, List<Timed> kept) throws InterruptedException {
    Semaphore slots = new Semaphore(inFlight);
    for (long position = 0; position < count && System.nanoTime() < endNs; position++) {
      slots.acquire();
      Timed call = new Timed();
      if (kept != null) {
        kept.add(call);
      }
      server
          .submit(batches.of(position), batches.size())
          .whenComplete(
              (output, failed) -> {
                if (failed instanceof Error error) {
                  throw Fatal.end("a call failed", error);
                }
                call.output = output;
                if (failed != null) {
                  call.reason = failed instanceof CallException why ? why.reason() : Reason.OTHER;
                }
                call.endNs = RecordScorer.now();
                slots.release();
              });
    }
    slots.acquire(inFlight);
  }
}
