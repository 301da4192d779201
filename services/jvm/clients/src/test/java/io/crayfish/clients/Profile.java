package io.crayfish.clients;

import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.scoring.Points;
import io.crayfish.protocols.scoring.Predictions;
import io.crayfish.protocols.scoring.ScoringGrpc;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.Tools;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * Calls a second against a server that does nothing, with so many under way: run by hand, {@code
 * Profile [TOOL ADDRESS]} on the tests' class path. The server is in the same process, unless an
 * address is given.
 */
final class Profile {
  private static final RunConfig.Model MODEL =
      new RunConfig.Model("ffnn", "any", "", new int[] {28, 28}, new int[] {10});

  private Profile() {}

  public static void main(String[] arguments) throws Exception {
    String tool = arguments.length > 0 ? arguments[0] : "ray-serve";
    String address = arguments.length > 1 ? arguments[1] : nothing();
    Map<String, Object> options = Map.of("serve", System.getProperty("serve", "model"));
    try (AsyncScorer client =
        (AsyncScorer) Tools.open(new RunConfig.Tool(tool, options, address), MODEL)) {
      for (int round = 0; round < 3; round++) {
        for (int inFlight : new int[] {1, 8, 64, 256}) {
          double rate = rate(client, inFlight, 3);
          System.out.printf("round %d, %3d in flight: %.0f calls/s%n", round, inFlight, rate);
        }
      }
    }
    System.exit(0);
  }

  private static double rate(AsyncScorer client, int inFlight, double seconds) throws Exception {
    byte[] points = new byte[4 * 784];
    Semaphore slots = new Semaphore(inFlight);
    long start = System.nanoTime();
    long end = start + Math.round(seconds * 1e9);
    long calls = 0;
    while (System.nanoTime() < end) {
      slots.acquire();
      client.submit(ByteBuffer.wrap(points), 1).whenComplete((output, failed) -> slots.release());
      calls++;
    }
    slots.acquire(inFlight);
    return calls / ((System.nanoTime() - start) / 1e9);
  }

  private static String nothing() throws Exception {
    Predictions zeros =
        Predictions.newBuilder().setValues(FakeServers.bytes(new float[10])).build();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .addService(
                new ScoringGrpc.ScoringImplBase() {
                  @Override
                  public void score(Points request, StreamObserver<Predictions> observer) {
                    observer.onNext(zeros);
                    observer.onCompleted();
                  }
                })
            .build()
            .start();
    return "localhost:" + server.getPort();
  }
}
