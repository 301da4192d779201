package io.crayfish.spark;

import org.apache.spark.sql.api.java.UDF1;

/** Request bytes in, result bytes out; runs in the executor, record by record. */
public final class ScoreUdf implements UDF1<byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  @Override
  public byte[] call(byte[] message) {
    return ScorerPool.ofThisExecutor().process(message);
  }
}
