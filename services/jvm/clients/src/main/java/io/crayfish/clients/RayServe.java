package io.crayfish.clients;

import com.google.protobuf.ByteString;
import io.crayfish.contract.RunConfig;
import io.crayfish.protocols.scoring.Points;
import io.crayfish.protocols.scoring.Predictions;
import io.crayfish.protocols.scoring.ScoringGrpc;
import io.crayfish.scoring.CallException;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.nio.ByteBuffer;

/** Ray Serve over gRPC with our own messages; the application is the model's name. */
final class RayServe implements Protocol<Points, Predictions> {
  private static final Metadata.Key<String> APPLICATION =
      Metadata.Key.of("application", Metadata.ASCII_STRING_MARSHALLER);

  private final RunConfig.Model model;
  private final String served;

  RayServe(RunConfig.Model model, String served) {
    this.model = model;
    this.served = served;
  }

  @Override
  public MethodDescriptor<Points, Predictions> method() {
    return ScoringGrpc.getScoreMethod();
  }

  @Override
  public Metadata headers() {
    Metadata headers = new Metadata();
    headers.put(APPLICATION, served);
    return headers;
  }

  @Override
  public Points request(ByteString points, int batch) {
    return Points.newBuilder().setValues(points).setBatch(batch).build();
  }

  @Override
  public ByteBuffer predictions(Predictions answer, int batch) throws CallException {
    return Answer.of(answer.getValues(), model, batch);
  }
}
