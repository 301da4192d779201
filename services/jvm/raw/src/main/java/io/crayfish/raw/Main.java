package io.crayfish.raw;

import io.crayfish.contract.JsonLog;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.ServiceExit;
import io.crayfish.scoring.AsyncScorer;
import io.crayfish.scoring.Fatal;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import java.io.IOException;
import java.nio.file.Path;

/** Scores until the count or the time of the run config is reached; writes rows and summaries. */
public final class Main {
  private static final JsonLog LOG = new JsonLog("raw-scorer");
  private static final Path OUT = Path.of("/out");

  private Main() {}

  /** Takes no arguments: the run config says it all. */
  public static void main(String[] arguments) throws Exception {
    try {
      System.exit(run());
    } catch (Error error) {
      throw Fatal.end("a call failed", error);
    }
  }

  private static int run() throws Exception {
    RunConfig config;
    Points points;
    Scorer scorer;
    double loading;
    try {
      config = RunConfig.load(RunConfig.PATH);
      if (config.call().batched()) {
        throw new IOException(
            "call.mode: batched: the bare scorer has no records to put together;"
                + " choose blocking with batch_size, or async");
      }
      points = Points.load(config);
      long before = System.nanoTime();
      scorer = Tools.open(config);
      loading = (System.nanoTime() - before) / 1e9;
    } catch (IOException error) {
      LOG.error(error.getMessage());
      return ServiceExit.BAD_CONFIG;
    } catch (ScorerException error) {
      LOG.error(error.getMessage());
      return error.exitCode();
    }
    int batch = config.workload().batchSize();
    Batches batches = new Batches(points, batch, config.workload().points().pool());
    Loop loop =
        config.call().async()
            ? new AsyncLoop((AsyncScorer) scorer, batches, config.call().inFlight())
            : new Loop(scorer, batches);
    Rows rows = new Rows(config, points);
    loop.warmUp(config.workload().warmup().seconds());
    RunConfig.Stop stop = config.workload().stop();
    Calls calls = loop.score(stop.count() == null ? 0 : stop.count(), stop.seconds());
    rows.write(calls, OUT);
    scorer.close();
    LOG.info("done", "calls", calls.count(), "cpu_s", calls.cpuNs() / 1e9, "load_s", loading);
    return ServiceExit.OK;
  }
}
