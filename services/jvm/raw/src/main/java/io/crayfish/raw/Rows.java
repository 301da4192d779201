package io.crayfish.raw;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.crayfish.contract.Dtype;
import io.crayfish.contract.RunConfig;
import io.crayfish.contract.Segment;
import io.crayfish.contract.Status;
import io.crayfish.contract.Values;
import io.crayfish.scoring.RecordScorer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LongSummaryStatistics;
import java.util.Map;

/**
 * Each call as a record that was due when it began and back when it ended: the rows and summaries of
 * crayfish_contract.arrays and crayfish_load.rows.
 */
final class Rows {
  private static final int SENT_BYTES = 37;
  private static final int RECEIVED_BYTES = 79;
  private static final long NOT_APPENDED = -1;

  private final Points points;
  private final int batch;
  private final int pool;
  private final int outputs;
  private final Dtype dtype;
  private final long clockStart;

  /** Made before the first call: it notes how the clock stands. */
  Rows(RunConfig config, Points points) {
    this.points = points;
    this.batch = config.workload().batchSize();
    this.pool = config.workload().points().pool();
    this.outputs = config.model().outputs();
    this.dtype = config.model().outputDtype();
    this.clockStart = clockOffset();
  }

  /**
   * Unix time minus monotonic time: it changes when somebody sets the clock that rows are read from.
   * The two cannot be read at once; of a few tries the one counts that was least interrupted.
   */
  private static long clockOffset() {
    long offset = 0;
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      long before = System.nanoTime();
      long now = RecordScorer.now();
      long between = System.nanoTime() - before;
      if (between < least) {
        least = between;
        offset = now - (before + between / 2);
      }
    }
    return offset;
  }

  void write(Calls calls, Path out) throws IOException {
    try (OutputStream sent = open(out.resolve("producer.records.bin"));
        OutputStream received = open(out.resolve("consumer.records.bin"))) {
      ByteBuffer sentRow = ByteBuffer.allocate(SENT_BYTES).order(LITTLE_ENDIAN);
      ByteBuffer receivedRow = ByteBuffer.allocate(RECEIVED_BYTES).order(LITTLE_ENDIAN);
      byte segment = (byte) Segment.MEASURED.flag();
      for (int id = 0; id < calls.count(); id++) {
        long start = calls.startsNs()[id];
        long end = calls.endsNs()[id];
        ByteBuffer output = calls.outputs().get(id);
        Status status = output == null ? Status.FAILED : Status.OK;
        sentRow.clear().putLong(id).put(segment).putLong(start).putLong(start);
        sent.write(sentRow.putLong(NOT_APPENDED).putInt(0).array());
        receivedRow.clear().putLong(id).put(segment).put((byte) status.ordinal());
        receivedRow.putLong(start).putLong(start).putLong(start).putLong(end).putLong(end);
        receivedRow.putLong(NOT_APPENDED).putInt(batch);
        check(receivedRow, id, output);
        receivedRow.put((byte) calls.reasons().get(id).ordinal()).putInt(0);
        received.write(receivedRow.array());
      }
    }
    summaries(calls, out);
  }

  private static OutputStream open(Path path) throws IOException {
    return new BufferedOutputStream(Files.newOutputStream(path), 1 << 20);
  }

  /** Class of the first point, points of the right class, largest deviation. */
  private void check(ByteBuffer row, long id, ByteBuffer output) {
    if (output == null) {
      row.putInt(-1).putInt(-1).putFloat(Float.NaN);
      return;
    }
    boolean fits = output.remaining() == batch * outputs * dtype.bytes();
    float deviation = points.reference() == null ? Float.NaN : 0;
    int correct = points.labels() == null || !fits ? -1 : 0;
    for (int place = 0; fits && place < batch; place++) {
      int point = points.index(id, pool, batch, place);
      if (correct >= 0 && largest(output, place) == points.labels()[point]) {
        correct++;
      }
      for (int i = 0; i < outputs && points.reference() != null; i++) {
        deviation = Math.max(deviation, off(output, place * outputs + i, point * outputs + i));
      }
    }
    if (!fits && points.reference() != null) {
      deviation = Float.POSITIVE_INFINITY;
    }
    row.putInt(fits ? largest(output, 0) : -1).putInt(correct).putFloat(deviation);
  }

  /** How far a value is from its reference; of whole numbers that are not equal, 1 at least. */
  private float off(ByteBuffer output, int found, int expected) {
    double value = Values.get(dtype, output, found);
    double reference = Values.get(dtype, points.reference(), expected);
    boolean equal = value == reference || Double.isNaN(value) && Double.isNaN(reference);
    if (dtype == Dtype.INT64) { // a float64 may not tell two of them apart
      equal = long64(output, found) == long64(points.reference(), expected);
    }
    if (equal) {
      return 0;
    }
    float off = (float) Math.abs(value - reference);
    if (dtype.isFloat()) {
      return Float.isNaN(off) ? Float.POSITIVE_INFINITY : off;
    }
    return Math.max(off, 1);
  }

  private static long long64(ByteBuffer values, int index) {
    return values.getLong(values.position() + Long.BYTES * index);
  }

  private int largest(ByteBuffer output, int place) {
    int best = 0;
    for (int i = 1; i < outputs; i++) {
      if (Values.get(dtype, output, place * outputs + i)
          > Values.get(dtype, output, place * outputs + best)) {
        best = i;
      }
    }
    return best;
  }

  private void summaries(Calls calls, Path out) throws IOException {
    int count = calls.count();
    long first = count == 0 ? RecordScorer.now() : calls.startsNs()[0];
    LongSummaryStatistics ends = Arrays.stream(calls.endsNs()).summaryStatistics();
    Map<String, Object> producer = new LinkedHashMap<>();
    producer.put("ready_ns", first);
    producer.put("warmup_start_ns", null);
    producer.put("measured_start_ns", first);
    producer.put("measured_end_ns", count == 0 ? first : calls.startsNs()[count - 1]);
    producer.put("sent_warmup", 0);
    producer.put("sent_measured", count);
    producer.put("delivered", count);
    producer.put("undelivered", 0);
    producer.put("measured_cpu_seconds", calls.cpuNs() / 1e9);
    producer.put("clock_start_ns", clockStart);
    producer.put("clock_end_ns", clockOffset());
    Map<String, Object> consumer = new LinkedHashMap<>();
    consumer.put("first_result_ns", count == 0 ? first : ends.getMin());
    consumer.put("last_result_ns", count == 0 ? first : ends.getMax());
    consumer.put("finished_ns", RecordScorer.now());
    consumer.put("ended", "all");
    consumer.put("received", count);
    consumer.put("undecodable", 0);
    ObjectMapper mapper = new ObjectMapper();
    mapper.writeValue(out.resolve("producer.json").toFile(), producer);
    mapper.writeValue(out.resolve("consumer.json").toFile(), consumer);
  }
}
