package io.crayfish.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JsonLogTest {
  @Test
  void aWorkersLogIsAppendedToTheFileThatIsNamed(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("log"), "before\n");
    try (PrintStream log = JsonLog.open(file.toString())) {
      log.println("after");
    }
    assertEquals("before\nafter\n", Files.readString(file));
    assertNull(JsonLog.open(folder.resolve("no/such").toString()));
    assertNull(JsonLog.open(null));
  }
}
