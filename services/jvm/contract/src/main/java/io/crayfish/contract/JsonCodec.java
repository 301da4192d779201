package io.crayfish.contract;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The same fields as text; see the Python codec for the notation. */
public final class JsonCodec implements Codec {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /** Those that every record has. */
  private static final int FIELDS = 14;

  /** Those that are left out where they say what is usual. */
  private static final String[] OPTIONAL = {"reason", "waited_us", "dtype"};

  @Override
  public byte[] encode(RecordHeader header, ByteBuffer data) throws CodecException {
    header.check(data.remaining());
    StringBuilder out = new StringBuilder(300 + 12 * (data.remaining() / header.dtype().bytes()));
    out.append("{\"magic\":\"CRAY\",\"version\":2,\"segment\":\"").append(header.segment().word());
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
    if (header.reason() != Reason.NONE) {
      out.append(",\"reason\":").append(header.reason().ordinal());
    }
    if (header.waitedUs() != 0) {
      out.append(",\"waited_us\":").append(Integer.toUnsignedString(header.waitedUs()));
    }
    if (header.dtype() != Dtype.FLOAT32) {
      out.append(",\"dtype\":\"").append(header.dtype().word()).append('"');
    }
    out.append(",\"data\":[");
    ByteBuffer left = Values.again(data);
    for (boolean first = true; left.hasRemaining(); first = false) {
      if (!first) {
        out.append(',');
      }
      switch (header.dtype()) {
        case FLOAT32 -> JsonFloats.append(out, left.getFloat());
        case FLOAT64 -> JsonFloats.append(out, left.getDouble());
        case FLOAT16 -> JsonFloats.append(out, Half.toFloat(left.getShort()));
        case INT64 -> out.append(left.getLong());
        case INT32 -> out.append(left.getInt());
        case UINT8, BOOL -> out.append(left.get() & 0xff);
      }
    }
    return out.append("]}").toString().getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public Decoded decode(byte[] message) throws CodecException {
    // Else the parser takes what begins with a byte order mark, or with a zero, for UTF-16 or UTF-32.
    if (message.length < 2 || message[0] <= 0 || message[1] <= 0) {
      throw new CodecException("not JSON in UTF-8");
    }
    // No key and no word of a record has a bracket: the first one opens the list, or this is none.
    int open = 0;
    while (open < message.length && message[open] != '[') {
      open++;
    }
    if (open == message.length) {
      throw new CodecException("it has no list");
    }
    int close = message.length - 1; // what follows the list has no bracket either
    while (close > open && message[close] != ']') {
      close--;
    }
    Map<String, Object> fields = fields(message, open, close);
    if (!"CRAY".equals(fields.get("magic"))) {
      throw new CodecException("not a Crayfish record");
    }
    long version = count(fields, "version");
    if (version != BinaryCodec.VERSION) {
      throw new CodecException(
          "a record of version " + version + ", this codec reads " + BinaryCodec.VERSION);
    }
    Dtype dtype = dtype(fields);
    JsonNumbers.Numbers numbers = JsonNumbers.read(message, open, dtype);
    if (numbers.end() != close) {
      throw new CodecException("data is not a list of numbers");
    }
    ByteBuffer data = numbers.values();
    RecordHeader header =
        new RecordHeader(
            Segment.of(word(fields, "segment")),
            id(fields),
            time(fields, "intended_ns"),
            time(fields, "sent_ns"),
            count(fields, "batch"),
            count(fields, "values"),
            kind(word(fields, "kind")),
            Status.of(word(fields, "status")),
            time(fields, "received_ns"),
            time(fields, "scored_ns"),
            count(fields, "outputs"),
            Reason.of(optional(fields, "reason")),
            (int) optional(fields, "waited_us"),
            dtype);
    int more = 0;
    for (String name : OPTIONAL) {
      more += fields.containsKey(name) ? 1 : 0;
    }
    if (!fields.containsKey("data") || fields.size() != FIELDS + more) {
      throw new CodecException("not a Crayfish record: its fields are " + fields.keySet());
    }
    header.check(data.remaining());
    return new Decoded(header, data);
  }

  /** The fields around the list, which is left out: "data" stands there without a value. */
  private static Map<String, Object> fields(byte[] message, int open, int close)
      throws CodecException {
    int head = open + 1;
    byte[] around = Arrays.copyOf(message, head + message.length - close);
    System.arraycopy(message, close, around, head, message.length - close);
    Map<String, Object> fields = new HashMap<>(2 * FIELDS);
    try (JsonParser parser = FACTORY.createParser(around)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new CodecException("not a JSON object");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_STRING) {
          fields.put(name, parser.getText());
        } else if (token == JsonToken.VALUE_NUMBER_INT) {
          boolean fits = parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
          fields.put(name, fits ? parser.getLongValue() : parser.getBigIntegerValue());
        } else if ("data".equals(name) && token == JsonToken.START_ARRAY) {
          if (parser.nextToken() != JsonToken.END_ARRAY) {
            throw new CodecException("data is not the only list");
          }
          fields.put(name, null);
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
    return fields;
  }

  private static Dtype dtype(Map<String, Object> fields) throws CodecException {
    Dtype dtype = fields.containsKey("dtype") ? Dtype.of(word(fields, "dtype")) : null;
    if (dtype == Dtype.FLOAT32) {
      throw new CodecException("dtype float32 is not written out");
    }
    return dtype == null ? Dtype.FLOAT32 : dtype;
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

  private static long id(Map<String, Object> fields) throws CodecException {
    Object found = fields.get("id");
    if (found instanceof Long value && value >= 0) {
      return value;
    }
    if (found instanceof BigInteger value && value.signum() > 0 && value.bitLength() <= Long.SIZE) {
      return value.longValue();
    }
    throw outOfRange("id", found);
  }

  private static long time(Map<String, Object> fields, String name) throws CodecException {
    if (fields.get(name) instanceof Long value) {
      return value;
    }
    throw outOfRange(name, fields.get(name));
  }

  /** What is written only if it is not 0. */
  private static long optional(Map<String, Object> fields, String name) throws CodecException {
    return fields.containsKey(name) ? Integer.toUnsignedLong(count(fields, name)) : 0;
  }

  private static int count(Map<String, Object> fields, String name) throws CodecException {
    if (fields.get(name) instanceof Long value && value >>> Integer.SIZE == 0) {
      return value.intValue();
    }
    throw outOfRange(name, fields.get(name));
  }

  private static CodecException outOfRange(String name, Object found) {
    return new CodecException(name + " is " + found + ", out of its range");
  }
}
