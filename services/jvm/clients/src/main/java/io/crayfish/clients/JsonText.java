package io.crayfish.clients;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.google.protobuf.ByteString;
import io.crayfish.contract.Reason;
import io.crayfish.scoring.CallException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Lists of numbers within lists, as a tensor's shape has them. */
final class JsonText {
  /** Python writes NaN and Infinity, which JSON does not have. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private JsonText() {}

  /** The text of little-endian float32 of a shape. */
  static ByteString write(ByteString values, long[] shape) {
    StringBuilder out = new StringBuilder(14 * values.size() / Float.BYTES);
    FloatBuffer floats = values.asReadOnlyByteBuffer().order(LITTLE_ENDIAN).asFloatBuffer();
    write(out, floats, shape, 0);
    return ByteString.copyFromUtf8(out.toString());
  }

  private static void write(StringBuilder out, FloatBuffer values, long[] shape, int dimension) {
    if (dimension == shape.length) {
      out.append(values.get());
      return;
    }
    out.append('[');
    for (long i = 0; i < shape[dimension]; i++) {
      if (i > 0) {
        out.append(',');
      }
      write(out, values, shape, dimension + 1);
    }
    out.append(']');
  }

  /**
   * All numbers of a text, whatever lists they are in.
   *
   * @throws CallException {@link Reason#BAD_OUTPUT} if there is anything else
   */
  static List<Float> read(ByteString text) throws CallException {
    List<Float> values = new ArrayList<>();
    try (JsonParser parser = FACTORY.createParser(text.newInput())) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isNumeric()) {
          values.add((float) parser.getDoubleValue());
        } else if (token != JsonToken.START_ARRAY && token != JsonToken.END_ARRAY) {
          throw new CallException(Reason.BAD_OUTPUT, "it answers " + token + ", no number");
        }
      }
    } catch (IOException error) {
      throw new CallException(Reason.BAD_OUTPUT, "no list of numbers: " + error.getMessage());
    }
    return values;
  }
}
