package io.crayfish.scoring;

import io.crayfish.contract.RunConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
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

  /** How long a server may take to answer, where nobody says otherwise. */
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private Tools() {}

  /**
   * The scorer of a run, loaded.
   *
   * @throws ScorerException if there is no such tool, it refuses an option, or cannot use the model,
   *     or not in the run's call mode
   */
  public static Scorer open(RunConfig config) throws ScorerException {
    Duration patience =
        config.deadlines() == null
            ? PATIENCE
            : Duration.ofMillis(Math.round(1000 * config.deadlines().ready()));
    Scorer scorer = open(config.tool(), config.model(), patience);
    if (config.call().async() && !(scorer instanceof AsyncScorer)) {
      scorer.close();
      throw new ScorerException(
          "tool " + config.tool().name() + ": call.mode async is for model servers; this one is a"
              + " library, which scores in the thread that calls it: choose blocking");
    }
    return scorer;
  }

  /**
   * The scorer of a tool, loaded.
   *
   * @throws ScorerException if there is no such tool, it refuses an option, or cannot use the model
   */
  public static Scorer open(RunConfig.Tool tool, RunConfig.Model model) throws ScorerException {
    return open(tool, model, PATIENCE);
  }

  private static Scorer open(RunConfig.Tool tool, RunConfig.Model model, Duration patience)
      throws ScorerException {
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
      Scorer scorer =
          tool.address() == null
              ? find(tool.name(), ScorerProvider.class, ScorerProvider::tool, loader)
                  .create(model, options, folder)
              : find(tool.name(), ClientProvider.class, ClientProvider::tool, loader)
                  .connect(
                      model,
                      new ClientProvider.Server(tool.address(), tool.tls(), patience),
                      options);
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

  private static <P> P find(
      String tool, Class<P> kind, Function<P, String> name, ClassLoader loader)
      throws ScorerException {
    for (P provider : ServiceLoader.load(kind, loader)) {
      if (name.apply(provider).equals(tool)) {
        return provider;
      }
    }
    String what = kind == ClientProvider.class ? "client" : "provider";
    throw new ScorerException(
        "tool '" + tool + "': no " + what + " in " + ROOT.resolve(tool) + " in this image");
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
