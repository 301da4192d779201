package io.crayfish.scoring;

import io.crayfish.contract.RunConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Finds tools. A tool's class loader lives as long as the JVM: a native library belongs to the loader
 * that loaded it first, and a second job of the same JVM could not have it.
 */
public final class Tools {
  /** Where the folders of the tools are, unless the environment says otherwise. */
  private static final Path ROOT =
      Path.of(System.getenv().getOrDefault("CRAYFISH_TOOLS", "/opt/crayfish/jvm/tools"));

  private static final Map<String, ClassLoader> LOADERS = new ConcurrentHashMap<>();

  private Tools() {}

  /**
   * The scorer of a tool, loaded.
   *
   * @throws ScorerException if there is no such tool, it refuses an option, or cannot use the model
   */
  public static Scorer open(RunConfig.Tool tool, RunConfig.Model model) throws ScorerException {
    Path folder = ROOT.resolve(tool.name());
    ClassLoader loader = loader(tool.name(), folder);
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader); // where ND4J looks for its backend
    // JavaCPP makes links to libraries; the home folder may belong to nobody.
    System.setProperty(
        "org.bytedeco.javacpp.cachedir",
        Path.of(System.getProperty("java.io.tmpdir"), "javacpp-" + tool.name()).toString());
    try {
      Map<String, Object> options = new HashMap<>(tool.options());
      Scorer scorer = provider(tool.name(), loader).create(model, options, folder);
      if (!options.isEmpty()) { // a typo must not measure the default in silence
        throw new ScorerException("tool " + tool.name() + ": unknown option " + options.keySet());
      }
      scorer.load();
      return scorer;
    } catch (LinkageError error) {
      Throwable first = error;
      while (first.getCause() != null) { // the library that is missing, not who wanted it
        first = first.getCause();
      }
      throw new ScorerException("tool " + tool.name() + ": " + folder + ": " + first, error);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static ScorerProvider provider(String tool, ClassLoader loader) throws ScorerException {
    for (ScorerProvider provider : ServiceLoader.load(ScorerProvider.class, loader)) {
      if (provider.tool().equals(tool)) {
        return provider;
      }
    }
    throw new ScorerException(
        "tool '" + tool + "': no provider in " + ROOT.resolve(tool) + " in this image");
  }

  private static ClassLoader loader(String tool, Path folder) {
    return LOADERS.computeIfAbsent(
        tool, name -> new URLClassLoader(name, urls(folder), Tools.class.getClassLoader()));
  }

  /** The jars of a folder, and the libraries that were unpacked from some of them. */
  private static URL[] urls(Path folder) {
    if (!Files.isDirectory(folder)) {
      return new URL[0]; // the tool may be on the class path
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(path -> path.toString().endsWith(".jar") || path.endsWith("native"))
          .sorted()
          .map(Tools::url)
          .toArray(URL[]::new);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static URL url(Path path) {
    try {
      return path.toUri().toURL();
    } catch (MalformedURLException error) {
      throw new IllegalStateException(error);
    }
  }
}
