package io.crayfish.scoring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.crayfish.contract.Codec;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.RecordHeader;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Records of other types than float32. */
final class DtypesTest {
  private static final RecordHeader HEADER =
      new RecordHeader(Segment.MEASURED, 7, 10, 20, 2, 3, false, Status.PENDING, 0, 0, 0);

  /** Answers, for each point, its first value as another type. */
  private record First(Dtype from, Dtype to) implements Scorer {
    @Override
    public void load() {}

    @Override
    public ByteBuffer score(ByteBuffer points, int batch) {
      ByteBuffer answer = Values.allocate(to.bytes() * batch);
      int size = points.remaining() / from.bytes() / batch;
      for (int point = 0; point < batch; point++) {
        Values.put(to, answer, Values.get(from, points, point * size));
      }
      return answer.flip();
    }

    @Override
    public void close() {}
  }

  private static ByteBuffer values(Dtype dtype, int... numbers) {
    ByteBuffer values = Values.allocate(dtype.bytes() * numbers.length);
    for (int number : numbers) {
      Values.put(dtype, values, number);
    }
    return values.flip();
  }

  private final List<String> lines = new ArrayList<>();

  private RecordScorer scorer(Dtype from, Dtype to, String format) {
    return new RecordScorer(
        new First(from, to), new Carried(3, from, to), format, lines::add, Fatal::halt);
  }

  @ParameterizedTest
  @EnumSource
  void aResultSaysTheDtypeOfItsPredictions(Dtype from) throws Exception {
    for (Dtype to : Dtype.values()) {
      for (String format : List.of("binary", "json")) {
        Codec codec = Codec.of(format);
        byte[] request = codec.encode(HEADER.of(from), values(from, 1, 0, 0, 0, 1, 1));
        Codec.Decoded result = codec.decode(scorer(from, to, format).process(request));
        assertEquals(Status.OK, result.header().status());
        assertEquals(to, result.header().dtype());
        assertEquals(1, result.header().outputs());
        assertEquals(values(to, 1, 0), result.data());
        Together together = scorer(from, to, format).together();
        together.add(request);
        together.add(request);
        for (byte[] each : together.process()) {
          assertEquals(values(to, 1, 0), codec.decode(each).data());
        }
      }
    }
    assertEquals(List.of(), lines);
  }

  @ParameterizedTest
  @EnumSource
  void pointsOfAnotherDtypeAreNotScored(Dtype dtype) throws Exception {
    Dtype other = dtype == Dtype.INT32 ? Dtype.FLOAT32 : Dtype.INT32; // of the same size, at times
    for (String format : List.of("binary", "json")) {
      Codec codec = Codec.of(format);
      byte[] request = codec.encode(HEADER.of(other), values(other, 1, 0, 0, 0, 1, 1));
      RecordHeader result = codec.decode(scorer(dtype, dtype, format).process(request)).header();
      assertEquals(Status.FAILED, result.status());
      assertEquals(Dtype.FLOAT32, result.dtype());
      assertEquals(7, result.id());
    }
    assertEquals(2, lines.size());
  }

  @Test
  void whatIsNoBoolIsNotScored() throws Exception {
    Codec codec = Codec.of("binary");
    byte[] request = codec.encode(HEADER.of(Dtype.BOOL), values(Dtype.BOOL, 1, 0, 0, 0, 1, 1));
    request[request.length - 1] = 2;
    byte[] result = scorer(Dtype.BOOL, Dtype.BOOL, "binary").process(request);
    assertEquals(Status.FAILED, codec.decode(result).header().status());
  }

  @Test
  void aRecordOfAnotherVersionIsNamed() throws Exception {
    byte[] request = Codec.of("binary").encode(HEADER, Values.allocate(24));
    request[4] = 1;
    scorer(Dtype.FLOAT32, Dtype.FLOAT32, "binary").process(request);
    assertEquals(
        List.of(
            "a message that is no record could not be scored (others are not logged): a record of"
                + " version 1, this codec reads 2"),
        lines);
  }

  @ParameterizedTest
  @EnumSource
  void noopAnswersZerosOfTheModelsDtype(Dtype dtype) throws Exception {
    RunConfig.Model model =
        new RunConfig.Model("m", "none", "", new int[] {3}, new int[] {2}).of(dtype, dtype);
    try (Scorer scorer = Tools.open(new RunConfig.Tool("noop", Map.of(), null), model)) {
      assertEquals(values(dtype, 0, 0, 0, 0), scorer.score(values(dtype, 1, 1, 1, 0, 0, 0), 2));
    }
  }
}
