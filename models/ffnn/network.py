# mypy: disable-error-code="import-not-found, import-untyped"
"""The network and its training, in Keras 2 (tf_keras): the last Keras whose .h5 DL4J reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # before TensorFlow is imported: tf.keras is tf_keras
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import tf_keras

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .digits import Part

SHAPE: Final = (28, 28)
HIDDEN: Final = (32, 32, 32, 32)
CLASSES: Final = 10

TRAINING_SEED: Final = 20240613
EPOCHS: Final = 15
BATCH: Final = 32
LEARNING_RATE: Final = 1e-3
LABEL_SMOOTHING: Final = 0.1
"""Also keeps the logits small, and so the rounding differences between runtimes."""


def train(part: Part) -> Any:
    """A trained model; the same weights on every run of the same machine and versions.

    The settings come from a cross-validation on the train part: the test part decides nothing.
    """
    tf_keras.utils.set_random_seed(TRAINING_SEED)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = build()
    model.compile(
        optimizer=tf_keras.optimizers.Adam(LEARNING_RATE),
        loss=tf_keras.losses.CategoricalCrossentropy(label_smoothing=LABEL_SMOOTHING),
    )
    targets = np.eye(CLASSES, dtype=np.float32)[part.labels]
    model.fit(part.points, targets, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return model


def build() -> Any:
    """The untrained model: float32[n, 28, 28] `points` -> float32[n, 10] `predictions`."""
    layers = tf_keras.layers
    return tf_keras.Sequential(
        [
            layers.Input(shape=SHAPE, name="points"),
            layers.Flatten(name="flatten"),
            *(layers.Dense(n, "relu", name=f"hidden{i}") for i, n in enumerate(HIDDEN)),
            layers.Dense(CLASSES, "softmax", name="predictions"),
        ],
        name="ffnn",
    )


def predict(model: Any, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Class probabilities float32[n, 10] of float32[n, 28, 28]."""
    output: NDArray[np.float32] = model(points, training=False).numpy()
    return output


def accuracy(predictions: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Share of points whose most probable class is their label."""
    return float(np.mean(predictions.argmax(axis=1) == labels))
