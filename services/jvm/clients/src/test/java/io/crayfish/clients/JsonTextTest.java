package io.crayfish.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import io.crayfish.scoring.CallException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answers of a handler that writes JSON as Python does. */
final class JsonTextTest {
  private static List<Float> read(String text) throws CallException {
    return JsonText.read(ByteString.copyFromUtf8(text));
  }

  @Test
  void whatIsNoNumberIsAPredictionToo() throws Exception {
    assertEquals(
        List.of(0.5f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY),
        read("[[0.5, NaN], [Infinity, -Infinity]]"));
  }

  @Test
  void anythingElseIsABadOutput() {
    assertThrows(CallException.class, () -> read("[[0.5, \"1\"]]"));
    assertThrows(CallException.class, () -> read("[[0.5, nan]]"));
    assertThrows(CallException.class, () -> read("[[0.5"));
  }
}
