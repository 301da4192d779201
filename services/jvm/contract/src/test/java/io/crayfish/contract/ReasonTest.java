package io.crayfish.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The two fields that only results of model servers have. */
final class ReasonTest {
  private static final RecordHeader REQUEST =
      new RecordHeader(Segment.MEASURED, 9, 1, 2, 1, 2, false, Status.PENDING, 0, 0, 0);

  @ParameterizedTest
  @EnumSource(Reason.class)
  void aResultCarriesThem(Reason reason) throws Exception {
    RecordHeader result = REQUEST.failed(3, 4, reason, -1);
    byte[] binary = new BinaryCodec().encode(result, Values.of());
    assertEquals(reason.ordinal(), binary[7]);
    assertArrayEquals(new byte[] {-1, -1, -1, -1}, Arrays.copyOfRange(binary, 60, 64));
    assertEquals(result, new BinaryCodec().decode(binary).header());
    byte[] json = new JsonCodec().encode(result, Values.of());
    assertEquals(result, new JsonCodec().decode(json).header());
    String text = new String(json, StandardCharsets.US_ASCII);
    assertTrue(text.contains(",\"waited_us\":4294967295,\"data\""), text);
    assertEquals(
        reason != Reason.NONE,
        text.contains(",\"outputs\":0,\"reason\":" + reason.ordinal() + ","),
        text);
  }

  @Test
  void whatIsNothingIsNotWritten() throws Exception {
    byte[] json = new JsonCodec().encode(REQUEST.failed(3, 4), Values.of());
    String text = new String(json, StandardCharsets.US_ASCII);
    assertFalse(text.contains("reason") || text.contains("waited_us"), text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json"})
  void aRequestHasNone(String format) throws Exception {
    Codec codec = Codec.of(format);
    byte[] request = codec.encode(REQUEST, Values.allocate(8));
    for (int place = 0; place < 2; place++) {
      byte[] wrong;
      if (format.equals("binary")) {
        wrong = request.clone();
        wrong[place == 0 ? 7 : 60] = 1;
      } else {
        String more = place == 0 ? "\"reason\":1," : "\"waited_us\":1,";
        wrong =
            new String(request, StandardCharsets.US_ASCII)
                .replace("\"data\"", more + "\"data\"")
                .getBytes(StandardCharsets.US_ASCII);
      }
      assertThrows(CodecException.class, () -> codec.decode(wrong));
    }
  }

  @Test
  void aPredictionHasNoReason() throws Exception {
    RecordHeader scored = REQUEST.scored(3, 4, 2, 5, Dtype.FLOAT32);
    byte[] result = new BinaryCodec().encode(scored, Values.allocate(8));
    assertEquals(5, new BinaryCodec().decode(result).header().waitedUs());
    result[7] = 1;
    assertThrows(CodecException.class, () -> new BinaryCodec().decode(result));
  }

  @Test
  void anUnknownReasonIsRefused() throws Exception {
    byte[] result = new BinaryCodec().encode(REQUEST.failed(3, 4), Values.of());
    result[7] = 6;
    assertThrows(CodecException.class, () -> new BinaryCodec().decode(result));
  }
}
