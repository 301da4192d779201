package io.crayfish.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
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

  @Test
  void theTypesAndConstantsOfAModelAreRead() throws Exception {
    RunConfig.Model plain = RunConfig.parse("{\"model\": {}}").model();
    assertEquals(Dtype.FLOAT32, plain.inputDtype());
    assertEquals(Dtype.FLOAT32, plain.outputDtype());
    assertEquals(Map.of(), plain.constants());
    RunConfig.Model model =
        RunConfig.parse(
                """
                {"model": {"input_shape": [3], "output_shape": [2], "input_dtype": "int64",
                 "output_dtype": "float16", "constants": {
                  "x": {"dtype": "int64", "shape": [2], "data": [9007199254740993, -1]},
                  "y": {"dtype": "float16", "shape": [], "data": [0.1]},
                  "z": {"dtype": "bool", "shape": [2], "data": [0, 1]}}}}
                """)
            .model();
    assertEquals("int64 float16", model.inputDtype() + " " + model.outputDtype());
    assertEquals(2 * 3 * 8, model.inputBytes(2));
    assertEquals(2 * 2 * 2, model.outputBytes(2));
    ByteBuffer longs = Values.allocate(16).putLong(9007199254740993L).putLong(-1).flip();
    assertEquals(longs, model.constants().get("x").values());
    assertEquals(
        Values.allocate(2).putShort((short) 0x2e66).flip(), model.constants().get("y").values());
    assertEquals(Values.wrap(new byte[] {0, 1}), model.constants().get("z").values());
    assertEquals(
        longs,
        RunConfig.constants(
                "{\"x\": {\"dtype\": \"int64\", \"shape\": [2], \"data\": [9007199254740993, -1]}}")
            .get("x")
            .values());
    assertThrows(IOException.class, () -> RunConfig.constants("[]"));
    assertThrows(
        IOException.class, () -> RunConfig.parse("{\"model\": {\"input_dtype\": \"int8\"}}"));
  }
}
