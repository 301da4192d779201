package io.crayfish.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One JSON object a line, as every container logs: on stdout, or in the file that CRAYFISH_LOG names
 * (engines hide their workers' stdout in files).
 */
public final class JsonLog {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final PrintStream OUT = open(System.getenv("CRAYFISH_LOG"));
  private final String component;

  /** For one component. */
  public JsonLog(String component) {
    this.component = component;
  }

  /** A line of level info; {@code fields} are name, value, name, value... */
  public void info(String message, Object... fields) {
    write("info", message, fields);
  }

  /** A line of level warning. */
  public void warning(String message, Object... fields) {
    write("warning", message, fields);
  }

  /** A line of level error. */
  public void error(String message, Object... fields) {
    write("error", message, fields);
  }

  private void write(String level, String message, Object... fields) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("ts", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
    line.put("level", level);
    line.put("component", component);
    line.put("msg", message);
    for (int i = 0; i + 1 < fields.length; i += 2) {
      line.put(String.valueOf(fields[i]), fields[i + 1]);
    }
    try {
      (OUT == null ? System.out : OUT).println(MAPPER.writeValueAsString(line));
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Null where there is no such file: then stdout, whatever it is at that time. */
  static PrintStream open(String path) {
    if (path == null) {
      return null;
    }
    try {
      return new PrintStream(new FileOutputStream(path, true), true, StandardCharsets.UTF_8);
    } catch (FileNotFoundException notThere) {
      return null;
    }
  }
}
