package io.crayfish.scoring;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.crayfish.contract.Dtype;
import io.crayfish.contract.Values;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * An array of an .npy file (format 1 and 2 of numpy.lib.format; little-endian, C order).
 *
 * @param shape its dimensions
 * @param bytes its values
 */
public record Npy(String type, int[] shape, ByteBuffer bytes) {
  /** As numpy writes each type. */
  private static final Map<Dtype, String> TYPES =
      Map.of(
          Dtype.FLOAT32, "<f4",
          Dtype.FLOAT64, "<f8",
          Dtype.FLOAT16, "<f2",
          Dtype.INT64, "<i8",
          Dtype.INT32, "<i4",
          Dtype.UINT8, "|u1",
          Dtype.BOOL, "|b1");

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern TYPE = Pattern.compile("'descr': *'([^']+)'");
  private static final Pattern SHAPE = Pattern.compile("'shape': *\\(([^)]*)\\)");

  /**
   * Read an .npy file.
   *
   * @throws IOException if it is no array of these kinds
   */
  public static Npy read(Path path) throws IOException {
    return parse(Files.readAllBytes(path), path.toString());
  }

  /**
   * Read every array of an .npz file.
   *
   * @throws IOException if one is no array of these kinds
   */
  public static Map<String, Npy> readAll(Path path) throws IOException {
    Map<String, Npy> arrays = new HashMap<>();
    try (InputStream file = Files.newInputStream(path);
        ZipInputStream zip = new ZipInputStream(file)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        String name = entry.getName().replaceAll("\\.npy$", "");
        arrays.put(name, parse(zip.readAllBytes(), path + ": " + name));
      }
    }
    if (arrays.isEmpty()) {
      throw new IOException(path + ": not an .npz file");
    }
    return arrays;
  }

  private static Npy parse(byte[] content, String name) throws IOException {
    if (content.length < 12 || !Arrays.equals(content, 0, 6, MAGIC, 0, 6)) {
      throw new IOException(name + ": not an .npy file");
    }
    ByteBuffer buffer = ByteBuffer.wrap(content).order(LITTLE_ENDIAN);
    boolean first = content[6] == 1;
    int size = first ? Short.toUnsignedInt(buffer.getShort(8)) : buffer.getInt(8);
    int start = first ? 10 : 12;
    String header = new String(content, start, size, StandardCharsets.ISO_8859_1);
    Matcher type = TYPE.matcher(header);
    Matcher shape = SHAPE.matcher(header);
    if (!type.find() || !shape.find() || header.contains("'fortran_order': True")) {
      throw new IOException(name + ": not an array in C order: " + header);
    }
    int[] sizes =
        Arrays.stream(shape.group(1).split(","))
            .map(String::strip)
            .filter(word -> !word.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    ByteBuffer bytes = buffer.position(start + size).slice().order(LITTLE_ENDIAN);
    return new Npy(type.group(1), sizes, bytes);
  }

  /**
   * Its values, in place.
   *
   * @throws IOException if they are of another type
   */
  public ByteBuffer values(Dtype dtype) throws IOException {
    if (!type.equals(TYPES.get(dtype))) {
      throw new IOException("an array of " + type + ", not " + dtype);
    }
    return Values.again(bytes);
  }

  /**
   * Its values.
   *
   * @throws IOException if they are not float32
   */
  public float[] floats() throws IOException {
    return Values.floats(values(Dtype.FLOAT32));
  }

  /**
   * Its values.
   *
   * @throws IOException if they are not int64
   */
  public long[] longs() throws IOException {
    long[] values = new long[bytes.remaining() / Long.BYTES];
    values(Dtype.INT64).asLongBuffer().get(values);
    return values;
  }
}
