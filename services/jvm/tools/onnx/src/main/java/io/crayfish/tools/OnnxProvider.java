package io.crayfish.tools;

import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.Scorer;
import io.crayfish.scoring.ScorerException;
import io.crayfish.scoring.ScorerProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** ONNX Runtime; option {@code threads}: intra-op threads of one scorer (default 1). */
public final class OnnxProvider implements ScorerProvider {
  @Override
  public String tool() {
    return "onnx";
  }

  @Override
  public Scorer create(RunConfig.Model model, Map<String, Object> options, Path folder)
      throws ScorerException {
    Path libraries = folder.resolve("native");
    if (Files.isDirectory(libraries)) { // else the library unpacks itself into a temporary folder
      System.setProperty("onnxruntime.native.path", libraries.toString());
    }
    return new OnnxScorer(model, ScorerProvider.threads(tool(), options));
  }
}
