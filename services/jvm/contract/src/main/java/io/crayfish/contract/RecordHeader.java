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
    int outputs) {

  /** Of the result that carries predictions of {@code outputs} values each. */
  public RecordHeader scored(long received, long scored, int outputs) {
    return new RecordHeader(
        segment, id, intendedNs, sentNs, batch, values, true, Status.OK, received, scored, outputs);
  }

  /** Of the result that reports that the record could not be scored. */
  public RecordHeader failed(long received, long failed) {
    return new RecordHeader(
        segment, id, intendedNs, sentNs, batch, values, true, Status.FAILED, received, failed, 0);
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
    if (found != floats()) {
      throw contradiction(found + " float32 values, its header says " + floats());
    }
  }

  private CodecException contradiction(String what) {
    return new CodecException("record " + Long.toUnsignedString(id) + ": " + what);
  }
}
