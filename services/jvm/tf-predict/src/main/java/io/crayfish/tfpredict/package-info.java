/**
 * A small model server that speaks TensorFlow Serving's PredictionService (gRPC, Predict and
 * GetModelMetadata), around the tool tf-savedmodel: for machines that do not have TensorFlow Serving.
 */
package io.crayfish.tfpredict;
