package io.crayfish.clients;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.crayfish.contract.RunConfig;
import io.crayfish.scoring.CallException;
import io.crayfish.scoring.ScorerException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls over each of a server's connections. */
final class GrpcScorer<Q, A> extends ServerScorer<Connection, Q> {
  private final Protocol<Q, A> protocol;
  private final List<Connection> connections = new ArrayList<>();

  /**
   * Not yet loaded.
   *
   * @param model that the server has
   * @throws ScorerException if its calls cannot be encrypted
   */
  GrpcScorer(Settings settings, Protocol<Q, A> protocol, RunConfig.Model model)
      throws ScorerException {
    super(settings, model.inputBytes(1));
    this.protocol = protocol;
    for (int channel = 0; channel < settings.channels(); channel++) {
      for (String replica : settings.replicas()) {
        connections.add(new Connection(replica, settings.trust()));
      }
    }
  }

  @Override
  List<Connection> targets() {
    return connections;
  }

  @Override
  String replica(Connection connection) {
    return connection.replica;
  }

  @Override
  void learn(Connection connection, long deadlineMs) throws CallException, ScorerException {
    try {
      protocol.learn(connection.channel(), deadlineMs);
    } catch (StatusRuntimeException refused) {
      if (refused.getStatus().getCode() == Status.Code.UNAVAILABLE) {
        connection.lost();
      }
      throw Try.failure(protocol, connection, refused.getStatus());
    }
  }

  @Override
  Q request(ByteBuffer points, int batch) {
    ByteString bytes = UnsafeByteOperations.unsafeWrap(points);
    return protocol.request(bytes, batch);
  }

  @Override
  CompletableFuture<ByteBuffer> send(Q request, int batch, Connection connection, long deadlineMs) {
    return Try.start(protocol, connection, request, batch, deadlineMs);
  }

  @Override
  public void close() {
    connections.forEach(Connection::close);
  }
}
