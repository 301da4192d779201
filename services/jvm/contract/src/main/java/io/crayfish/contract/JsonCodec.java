package io.crayfish.contract;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The same fields as text; see the Python codec for the notation. */
public final class JsonCodec implements Codec {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final BigInteger UINT64 = BigInteger.ONE.shiftLeft(64);
  private static final BigInteger UINT32 = BigInteger.ONE.shiftLeft(32);
  private static final int FIELDS = 14;

  @Override
  public byte[] encode(RecordHeader header, float[] data) throws CodecException {
    header.check(data.length);
    StringBuilder out = new StringBuilder(300 + 12 * data.length);
    out.append("{\"magic\":\"CRAY\",\"version\":1,\"segment\":\"").append(header.segment().word());
    out.append("\",\"kind\":\"").append(header.result() ? "result" : "request");
    out.append("\",\"status\":\"").append(header.status().word());
    out.append("\",\"id\":").append(Long.toUnsignedString(header.id()));
    out.append(",\"intended_ns\":").append(header.intendedNs());
    out.append(",\"sent_ns\":").append(header.sentNs());
    out.append(",\"received_ns\":").append(header.receivedNs());
    out.append(",\"scored_ns\":").append(header.scoredNs());
    out.append(",\"batch\":").append(Integer.toUnsignedString(header.batch()));
    out.append(",\"values\":").append(Integer.toUnsignedString(header.values()));
    out.append(",\"outputs\":").append(Integer.toUnsignedString(header.outputs()));
    out.append(",\"data\":[");
    for (int i = 0; i < data.length; i++) {
      if (i > 0) {
        out.append(',');
      }
      JsonFloats.append(out, data[i]);
    }
    return out.append("]}").toString().getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public Decoded decode(byte[] message) throws CodecException {
    Map<String, Object> fields = new HashMap<>();
    float[] data = null;
    // Else the parser takes what begins with a byte order mark, or with a zero, for UTF-16 or UTF-32.
    if (message.length < 2 || message[0] <= 0 || message[1] <= 0) {
      throw new CodecException("not JSON in UTF-8");
    }
    try (JsonParser parser = FACTORY.createParser(message)) {
      expect(parser, JsonToken.START_OBJECT);
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        if ("data".equals(name)) {
          data = floats(parser, token);
          fields.put(name, data);
        } else if (token == JsonToken.VALUE_STRING) {
          fields.put(name, parser.getText());
        } else if (token == JsonToken.VALUE_NUMBER_INT) {
          fields.put(name, parser.getBigIntegerValue());
        } else {
          throw new CodecException(name + " is neither a word nor a whole number");
        }
      }
      if (parser.nextToken() != null) {
        throw new CodecException("something follows the record");
      }
    } catch (IOException error) {
      throw new CodecException("not JSON: " + error.getMessage(), error);
    }
    if (!"CRAY".equals(fields.get("magic")) || !BigInteger.ONE.equals(fields.get("version"))) {
      throw new CodecException("not a Crayfish record of version 1");
    }
    RecordHeader header =
        new RecordHeader(
            Segment.of(word(fields, "segment")),
            number(fields, "id", BigInteger.ZERO, UINT64).longValue(),
            time(fields, "intended_ns"),
            time(fields, "sent_ns"),
            number(fields, "batch", BigInteger.ZERO, UINT32).intValue(),
            number(fields, "values", BigInteger.ZERO, UINT32).intValue(),
            kind(word(fields, "kind")),
            Status.of(word(fields, "status")),
            time(fields, "received_ns"),
            time(fields, "scored_ns"),
            number(fields, "outputs", BigInteger.ZERO, UINT32).intValue());
    if (data == null || fields.size() != FIELDS) {
      throw new CodecException("not a Crayfish record: its fields are " + fields.keySet());
    }
    header.check(data.length);
    return new Decoded(header, FloatBuffer.wrap(data));
  }

  private static void expect(JsonParser parser, JsonToken wanted)
      throws IOException, CodecException {
    if (parser.nextToken() != wanted) {
      throw new CodecException("not a JSON object");
    }
  }

  private static float[] floats(JsonParser parser, JsonToken first)
      throws IOException, CodecException {
    if (first != JsonToken.START_ARRAY) {
      throw new CodecException("data is not a list of numbers");
    }
    float[] data = new float[16];
    int size = 0;
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      if (token == null || !token.isNumeric()) {
        throw new CodecException("data is not a list of numbers");
      }
      float value = (float) parser.getDoubleValue();
      if (!Float.isFinite(value)) {
        throw new CodecException("data has a number that is no float32");
      }
      if (size == data.length) {
        data = Arrays.copyOf(data, 2 * size);
      }
      data[size++] = value;
    }
    return Arrays.copyOf(data, size);
  }

  private static boolean kind(String word) throws CodecException {
    return switch (word) {
      case "request" -> false;
      case "result" -> true;
      default -> throw new CodecException("kind " + word + " is unknown");
    };
  }

  private static String word(Map<String, Object> fields, String name) throws CodecException {
    if (fields.get(name) instanceof String text) {
      return text;
    }
    throw new CodecException(name + " is " + fields.get(name) + ", not a word");
  }

  private static long time(Map<String, Object> fields, String name) throws CodecException {
    BigInteger limit = BigInteger.ONE.shiftLeft(63);
    return number(fields, name, limit.negate(), limit).longValue();
  }

  private static BigInteger number(
      Map<String, Object> fields, String name, BigInteger low, BigInteger limit)
      throws CodecException {
    if (fields.get(name) instanceof BigInteger value
        && value.compareTo(low) >= 0
        && value.compareTo(limit) < 0) {
      return value;
    }
    throw new CodecException(name + " is " + fields.get(name) + ", out of its range");
  }
}
