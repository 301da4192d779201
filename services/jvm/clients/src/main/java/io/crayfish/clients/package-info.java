/**
 * Clients of model servers over gRPC: one way to call ({@link io.crayfish.clients.GrpcScorer}), and a
 * {@link io.crayfish.clients.Protocol} for what each server takes and answers.
 */
package io.crayfish.clients;
