/**
 * Clients of model servers: the rules that hold for all ({@link io.crayfish.clients.ServerScorer}), a way
 * to call over gRPC ({@link io.crayfish.clients.GrpcScorer}) with a {@link io.crayfish.clients.Protocol}
 * for what each server takes and answers, and one over HTTP ({@link io.crayfish.clients.HttpScorer}).
 */
package io.crayfish.clients;
