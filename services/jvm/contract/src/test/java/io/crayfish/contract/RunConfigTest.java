package io.crayfish.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

final class RunConfigTest {
  @Test
  void aCallARecordUnlessItSaysOtherwise() throws Exception {
    assertEquals(RunConfig.Call.BLOCKING, RunConfig.parse("{}").call());
    assertEquals(
        RunConfig.Call.BLOCKING,
        RunConfig.parse("{\"call\": {\"mode\": \"blocking\"}}").call());
  }

  @Test
  void theCallModeIsRead() throws Exception {
    RunConfig config =
        RunConfig.parse(
            """
            {"tool": {"name": "triton", "options": {"channels": 2}, "address": "a:1,b:1"},
             "call": {"mode": "async", "in_flight": 64, "ordered": true, "records": 1, "wait_ms": 0.5}}
            """);
    assertEquals(new RunConfig.Call("async", 64, true, 1, 0.5), config.call());
    assertEquals("a:1,b:1", config.tool().address());
  }

  @Test
  void theNamesOfTensorsAreRead() throws Exception {
    RunConfig.Model model =
        RunConfig.parse(
                """
                {"model": {"name": "m", "format": "onnx", "path": "/m", "input_shape": [2],
                 "output_shape": [1], "input_name": "x", "output_name": "p", "batch": 8}}
                """)
            .model();
    assertEquals("x p 8", model.inputName() + " " + model.outputName() + " " + model.batch());
    assertNull(RunConfig.parse("{\"model\": {\"batch\": null}}").model().batch());
  }
}
