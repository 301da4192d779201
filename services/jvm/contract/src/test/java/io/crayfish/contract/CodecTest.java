package io.crayfish.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The vectors that the Python codec reproduces, and what it refuses. */
final class CodecTest {
  private static final Path VECTORS =
      Path.of(System.getProperty("crayfish.root"), "tests/contract/vectors");

  static Stream<JsonNode> vectors() throws IOException {
    return entries("index.json");
  }

  static Stream<JsonNode> refused() throws IOException {
    return entries("refused.json");
  }

  static Stream<JsonNode> numbers() throws IOException {
    return entries("numbers.json");
  }

  private static Stream<JsonNode> entries(String file) throws IOException {
    JsonNode index = new ObjectMapper().readTree(VECTORS.resolve(file).toFile());
    return Stream.iterate(0, i -> i < index.size(), i -> i + 1).map(index::get);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatIsNoRecordIsRefused(JsonNode entry) throws Exception {
    Codec codec = Codec.of(entry.get("format").asText());
    byte[] message = HexFormat.of().parseHex(entry.get("hex").asText());
    if (entry.get("by").asText().equals("codec")) {
      assertThrows(CodecException.class, () -> codec.decode(message));
    } else {
      codec.decode(message);
    }
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void aVectorIsReadAndWrittenExactly(JsonNode entry) throws Exception {
    Codec codec = Codec.of(entry.get("format").asText());
    byte[] message = Files.readAllBytes(VECTORS.resolve(entry.get("file").asText()));
    Codec.Decoded decoded = codec.decode(message);
    assertEquals(header(entry.get("header")), decoded.header());
    int size = decoded.header().dtype().bytes();
    ByteBuffer expected = Values.allocate(size * entry.get("data_bits").size());
    for (JsonNode bits : entry.get("data_bits")) {
      assertEquals(2 * size, bits.asText().length());
      long value = Long.parseUnsignedLong(bits.asText(), 16);
      for (int i = 0; i < size; i++) {
        expected.put((byte) (value >>> 8 * i));
      }
    }
    expected.flip();
    assertEquals(expected, decoded.data());
    assertArrayEquals(message, codec.encode(header(entry.get("header")), expected));
  }

  private static String request(String... data) throws IOException {
    String text = Files.readString(VECTORS.resolve("request.json"));
    return text.replaceFirst("\\[.*]", "[" + String.join(",", data) + "]")
        .replaceFirst("\"values\":\\d+", "\"values\":" + data.length);
  }

  private static FloatBuffer read(String text) throws CodecException {
    return new JsonCodec().decode(text.getBytes(StandardCharsets.UTF_8)).data().asFloatBuffer();
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void numbersAreReadAlike(JsonNode entry) throws Exception {
    float found = read(request("1", entry.get("text").asText())).get(1);
    int bits = Integer.parseUnsignedInt(entry.get("bits").asText(), 16);
    assertEquals(bits, Float.floatToRawIntBits(found));
    String wide = request("1", entry.get("text").asText());
    wide = wide.replace("\"data\"", "\"dtype\":\"float64\",\"data\"");
    Codec.Decoded record = new JsonCodec().decode(wide.getBytes(StandardCharsets.UTF_8));
    assertEquals(
        Long.parseUnsignedLong(entry.get("bits64").asText(), 16),
        Double.doubleToRawLongBits(record.data().getDouble(8)));
  }

  @Test
  void numbersAreTheNearestFloat64RoundedToFloat32() throws Exception {
    Random random = new Random(11);
    for (int i = 0; i < 20_000; i++) {
      String[] texts = {
        Float.toString(random.nextFloat()),
        Double.toString(random.nextGaussian()),
        random.nextInt(1000) + "." + random.nextInt(Integer.MAX_VALUE),
        random.nextLong() + "e" + (random.nextInt(80) - 60),
      };
      FloatBuffer found = read(request(texts));
      for (int j = 0; j < texts.length; j++) {
        assertEquals((float) Double.parseDouble(texts[j]), found.get(j), texts[j]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "\n", "\t", "\r", " \r\n\t "})
  void whiteSpaceIsRead(String space) throws Exception {
    String spaced = request("0.5", "1.5", "2").replaceAll("([\\[\\]{},:])", space + "$1" + space);
    assertEquals(FloatBuffer.wrap(new float[] {0.5f, 1.5f, 2}), read(spaced));
  }

  private static RecordHeader header(JsonNode fields) throws CodecException {
    return new RecordHeader(
        Segment.of(fields.get("segment").asText()),
        fields.get("id").bigIntegerValue().longValue(),
        fields.get("intended_ns").asLong(),
        fields.get("sent_ns").asLong(),
        fields.get("batch").asInt(),
        fields.get("values").asInt(),
        fields.get("is_result").asBoolean(),
        Status.of(fields.get("status").asText()),
        fields.get("received_ns").asLong(),
        fields.get("scored_ns").asLong(),
        fields.get("outputs").asInt(),
        Reason.of(fields.path("reason").asInt()),
        (int) fields.path("waited_us").asLong(),
        Dtype.named(fields.get("dtype").asText()));
  }

  @Test
  void aDamagedMessageIsReadOrRefused() throws Exception {
    Random random = new Random(17);
    for (JsonNode entry : (Iterable<JsonNode>) vectors()::iterator) {
      Codec codec = Codec.of(entry.get("format").asText());
      byte[] message = Files.readAllBytes(VECTORS.resolve(entry.get("file").asText()));
      for (int i = 0; i < 300; i++) {
        byte[] damaged = message.clone();
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
        try {
          codec.decode(damaged);
        } catch (CodecException expected) {
          continue;
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{}", "null", "{\"magic\":\"CRAY\",\"version\":2}"})
  void anythingElseIsRefused(String text) {
    for (String format : new String[] {"binary", "json"}) {
      assertThrows(CodecException.class, () -> Codec.of(format).decode(text.getBytes()));
    }
  }

  @Test
  void floatsAreWrittenByTheRule() throws Exception {
    Random random = new Random(5);
    for (int i = 0; i < 200_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (i % 4 == 0) { // few digits: where one might be enough
        value = Float.parseFloat(random.nextInt(100) + "e" + (random.nextInt(80) - 45));
      }
      if (!Float.isFinite(value) || value == 0) {
        continue;
      }
      StringBuilder out = new StringBuilder();
      JsonFloats.append(out, value);
      assertEquals(value, Float.parseFloat(out.toString()), out.toString());
      BigDecimal shortest = shortest(value, near -> near.floatValue());
      assertEquals(0, shortest.compareTo(new BigDecimal(out.toString())), out.toString());
    }
  }

  @Test
  void doublesAreWrittenByTheRule() throws Exception {
    Random random = new Random(6);
    for (int i = 0; i < 20_000; i++) {
      double value = Double.longBitsToDouble(random.nextLong());
      if (i % 4 == 0) {
        value = Double.parseDouble(random.nextInt(100) + "e" + (random.nextInt(630) - 324));
      } else if (i % 4 == 1) { // where the spacing is wide: the smallest ones
        value = Double.longBitsToDouble(random.nextInt(200));
      }
      if (!Double.isFinite(value) || value == 0) {
        continue;
      }
      StringBuilder out = new StringBuilder();
      JsonFloats.append(out, value);
      BigDecimal shortest = shortest(value, BigDecimal::doubleValue);
      assertEquals(0, shortest.compareTo(new BigDecimal(out.toString())), out.toString());
    }
  }

  @Test
  void aMessageOfAnotherVersionIsNamed() throws Exception {
    byte[] binary = Files.readAllBytes(VECTORS.resolve("request.bin"));
    binary[BinaryCodec.VERSION_AT] = 1;
    String text = request("1").replace("\"version\":2", "\"version\":1");
    for (CodecException error :
        new CodecException[] {
          assertThrows(CodecException.class, () -> new BinaryCodec().decode(binary)),
          assertThrows(CodecException.class, () -> read(text)),
        }) {
      assertEquals("a record of version 1, this codec reads 2", error.getMessage());
    }
  }

  /** The rule, word for word: n = 1, 2... digits, down and up, the closer one, the even one. */
  private static BigDecimal shortest(double value, ToDoubleFunction<BigDecimal> reading) {
    BigDecimal exact = new BigDecimal(value);
    for (int digits = 1; ; digits++) {
      BigDecimal best = null;
      for (RoundingMode mode : new RoundingMode[] {RoundingMode.DOWN, RoundingMode.UP}) {
        BigDecimal near = exact.round(new MathContext(digits, mode));
        if (reading.applyAsDouble(near) != value) {
          continue;
        }
        int order =
            best == null
                ? -1
                : near.subtract(exact).abs().compareTo(best.subtract(exact).abs());
        if (order < 0 || (order == 0 && !near.unscaledValue().testBit(0))) {
          best = near;
        }
      }
      if (best != null) {
        return best;
      }
    }
  }
}
