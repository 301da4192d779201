package io.crayfish.flink;

import io.crayfish.contract.JsonLog;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.ServiceExit;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.Tools;
import java.io.IOException;

/** Loads the model of a run config once, so that what is wrong shows before a job is submitted. */
public final class CheckModel {
  private CheckModel() {}

  /**
   * Ends with {@link ServiceExit#BAD_CONFIG}, or {@link ServiceExit#UNREACHABLE} where a model server
   * does not answer, and a line that names what is wrong.
   */
  public static void main(String[] arguments) {
    try {
      RunConfig config = RunConfig.load(RunConfig.PATH);
      if (config.call().batched()) {
        throw new IOException(
            "call.mode: batched: Flink's operator on the JVM gets one record at a time;"
                + " choose blocking or async, or the runtime python");
      }
      Tools.open(config).close();
    } catch (IOException error) {
      end(error, ServiceExit.BAD_CONFIG);
    } catch (ScorerException error) {
      end(error, error.exitCode());
    }
  }

  private static void end(Exception error, int code) {
    new JsonLog("flink-driver").error(error.getMessage());
    System.exit(code);
  }
}
