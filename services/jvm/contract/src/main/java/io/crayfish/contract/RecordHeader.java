package io.crayfish.contract;

/**
 * The fields of a record without its values; times are Unix nanoseconds.
 *
 * @param segment which part of the run
 * @param id unsigned
 * @param intendedNs when the record was due
 * @param sentNs when the producer handed it to its client
 * @param batch points in the record
 * @param values values per point of the request
 * @param result whether it is a result
 * @param status pending in a request; ok or failed in a result
 * @param receivedNs when the scoring function got it; 0 in a request
 * @param scoredNs when the model had answered; 0 in a request
 * @param outputs values per prediction; 0 unless the status is ok
 * @param reason why a call of a model server failed; none unless the status is failed
 * @param waitedUs unsigned; microseconds from received until the model was called, where a record may
 *     wait for its turn; 0 in a request
 * @param dtype of the values that follow: a request's points, a result's predictions; float32 where
 *     there are none
 */
public record RecordHeader(
    Segment segment,
    long id,
    long intendedNs,
    long sentNs,
    int batch,
    int values,
    boolean result,
    Status status,
    long receivedNs,
    long scoredNs,
    int outputs,
    Reason reason,
    int waitedUs,
    Dtype dtype) {

  /** Of float32 values, in a request or in a result for which no server was called. */
  public RecordHeader(
      Segment segment,
      long id,
      long intendedNs,
      long sentNs,
      int batch,
      int values,
      boolean result,
      Status status,
      long receivedNs,
      long scoredNs,
      int outputs) {
    this(
        segment,
        id,
        intendedNs,
        sentNs,
        batch,
        values,
        result,
        status,
        receivedNs,
        scoredNs,
        outputs,
        Reason.NONE,
        0,
        Dtype.FLOAT32);
  }

  /** Of the result that carries predictions of {@code outputs} values each. */
  public RecordHeader scored(
      long received, long scored, int outputs, int waitedUs, Dtype predictions) {
    return result(Status.OK, received, scored, outputs, Reason.NONE, waitedUs, predictions);
  }

  /** The same of float32, where no server was called. */
  public RecordHeader scored(long received, long scored, int outputs) {
    return scored(received, scored, outputs, 0, Dtype.FLOAT32);
  }

  /** Of the result that reports that the record could not be scored. */
  public RecordHeader failed(long received, long failed, Reason reason, int waitedUs) {
    return result(Status.FAILED, received, failed, 0, reason, waitedUs, Dtype.FLOAT32);
  }

  /** The same, where no server was called. */
  public RecordHeader failed(long received, long failed) {
    return failed(received, failed, Reason.NONE, 0);
  }

  private RecordHeader result(
      Status status,
      long received,
      long scored,
      int outputs,
      Reason reason,
      int waitedUs,
      Dtype predictions) {
    return new RecordHeader(
        segment,
        id,
        intendedNs,
        sentNs,
        batch,
        values,
        true,
        status,
        received,
        scored,
        outputs,
        reason,
        waitedUs,
        predictions);
  }

  /** This one with points of another type, in a request. */
  public RecordHeader of(Dtype points) {
    return new RecordHeader(
        segment,
        id,
        intendedNs,
        sentNs,
        batch,
        values,
        result,
        status,
        receivedNs,
        scoredNs,
        outputs,
        reason,
        waitedUs,
        points);
  }

  /** How many values follow it. */
  private long counted() {
    return Integer.toUnsignedLong(batch) * Integer.toUnsignedLong(result ? outputs : values);
  }

  /** Compare what it says with itself, and with how many bytes of values there are. */
  void check(long found) throws CodecException {
    if (result == (status == Status.PENDING)) {
      throw contradiction((result ? "a result" : "a request") + " with status " + status.word());
    }
    if (outputs != 0 && status != Status.OK) {
      throw contradiction(
          "outputs are " + Integer.toUnsignedString(outputs) + ", but it is not scored");
    }
    if (reason != Reason.NONE && status != Status.FAILED) {
      throw contradiction("it has a reason, but has not failed");
    }
    if (waitedUs != 0 && !result) {
      throw contradiction("a request that has waited");
    }
    if (dtype != Dtype.FLOAT32 && status == Status.FAILED) {
      throw contradiction("values of " + dtype + ", but it has none");
    }
    if (found % dtype.bytes() != 0 || found / dtype.bytes() != counted()) {
      throw contradiction(
          found + " bytes of values, its header says "
              + Long.toUnsignedString(counted()) + " of " + dtype);
    }
  }

  private CodecException contradiction(String what) {
    return new CodecException("record " + Long.toUnsignedString(id) + ": " + what);
  }
}
