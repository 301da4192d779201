package io.crayfish.scoring;

import io.crayfish.contract.Reason;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A client, by the name of late, whose calls end in disorder, every tenth without predictions. */
public final class LateProvider implements ClientProvider {
  /** Of all of them together; a test sets it back. */
  public static final AtomicInteger MOST_UNDER_WAY = new AtomicInteger();

  @Override
  public String tool() {
    return "late";
  }

  @Override
  public AsyncScorer connect(
      RunConfig.Model model, Server server, Map<String, Object> options) {
    return new Late();
  }

  private static final class Late implements AsyncScorer {
    private final ScheduledExecutorService server = Executors.newScheduledThreadPool(2);
    private final AtomicInteger underWay = new AtomicInteger();

    @Override
    public CompletableFuture<ByteBuffer> submit(ByteBuffer points, int batch) {
      MOST_UNDER_WAY.accumulateAndGet(underWay.incrementAndGet(), Math::max);
      float value = points.getFloat(0);
      CompletableFuture<ByteBuffer> call = new CompletableFuture<>();
      server.schedule(() -> end(call, value), (long) value % 7, TimeUnit.MILLISECONDS);
      return call;
    }

    private void end(CompletableFuture<ByteBuffer> call, float value) {
      underWay.decrementAndGet();
      if (value % 10 == 0) {
        call.completeExceptionally(new CallException(Reason.EXHAUSTED, "too many"));
      } else {
        call.complete(Values.of(value));
      }
    }

    @Override
    public void load() {}

    @Override
    public void close() {
      server.shutdownNow();
    }
  }
}
