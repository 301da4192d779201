package io.crayfish.contract;

/**
 * The fields of a record without its values; times are Unix nanoseconds.
 *
 * @param segment which part of the run
 * @param id unsigned
 * @param intendedNs when the record was due
 * @param sentNs when the producer handed it to its client
 * @param batch points in the record
 * @param values float32 values per point of the request
 * @param result whether it is a result
 * @param status pending in a request; ok or failed in a result
 * @param receivedNs when the scoring function got it; 0 in a request
 * @param scoredNs when the model had answered; 0 in a request
 * @param outputs float32 values per prediction; 0 unless the status is ok
 * @param reason why a call of a model server failed; none unless the status is failed
 * @param waitedUs unsigned; microseconds from received until the model was called, where a record may
 *     wait for its turn; 0 in a request
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
    int waitedUs) {

  /** Of a request, or of a result for which no server was called. */
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
        0);
  }

  /** Of the result that carries predictions of {@code outputs} values each. */
  public RecordHeader scored(long received, long scored, int outputs, int waitedUs) {
    return result(Status.OK, received, scored, outputs, Reason.NONE, waitedUs);
  }

  /** The same, where no server was called. */
  public RecordHeader scored(long received, long scored, int outputs) {
    return scored(received, scored, outputs, 0);
  }

  /** Of the result that reports that the record could not be scored. */
  public RecordHeader failed(long received, long failed, Reason reason, int waitedUs) {
    return result(Status.FAILED, received, failed, 0, reason, waitedUs);
  }

  /** The same, where no server was called. */
  public RecordHeader failed(long received, long failed) {
    return failed(received, failed, Reason.NONE, 0);
  }

  private RecordHeader result(
      Status status, long received, long scored, int outputs, Reason reason, int waitedUs) {
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
        waitedUs);
  }

  /** How many float32 values follow it. */
  long floats() {
    return Integer.toUnsignedLong(batch) * Integer.toUnsignedLong(result ? outputs : values);
  }

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
    if (found != floats()) {
      throw contradiction(found + " float32 values, its header says " + floats());
    }
  }

  private CodecException contradiction(String what) {
    return new CodecException("record " + Long.toUnsignedString(id) + ": " + what);
  }
}
