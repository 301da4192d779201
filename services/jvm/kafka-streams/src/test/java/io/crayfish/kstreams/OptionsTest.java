package io.crayfish.kstreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class OptionsTest {
  @Test
  void aRecordIsSentAtOnceUnlessAnOptionSaysOtherwise() {
    assertEquals(0, Options.parse(Map.of()).sinkLingerMs());
    assertEquals(100, Options.parse(Map.of("sink_linger_ms", 100)).sinkLingerMs());
  }

  @Test
  void whatIsWrongIsNamed() {
    for (Map<String, Object> wrong :
        java.util.List.<Map<String, Object>>of(
            Map.of("linger", 1), Map.of("sink_linger_ms", -1), Map.of("progress_interval_ms", 0.5))) {
      String name = wrong.keySet().iterator().next();
      String message =
          assertThrows(IllegalArgumentException.class, () -> Options.parse(wrong)).getMessage();
      assertTrue(message.contains("processor.options." + name), message);
    }
  }
}
