# mypy: disable-error-code="import-not-found, import-untyped"
"""The formats that TensorFlow writes: Keras-2 HDF5, and a SavedModel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf
import tf_keras

from .graph import POINTS, PREDICTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_CHUNK: Final = 8
"""Points of a call, so that what lies between two layers stays small."""


def one_thread() -> None:
    """Sums are added in one order, and nobody else's cores are taken."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def predict(model: Any, points: Floats) -> Floats:
    """float32[n, *input] -> float32[n, *output] of a Keras model."""
    chunks = range(0, len(points), _CHUNK)
    return np.concatenate(
        [model(points[first : first + _CHUNK], training=False).numpy() for first in chunks]
    )


def write_h5(model: Any, path: Path) -> None:
    """Architecture and weights, without the optimizer's state."""
    model.save(str(path), save_format="h5", include_optimizer=False)


def predict_h5(path: Path, points: Floats) -> Floats:
    """What the file answers."""
    return predict(tf_keras.models.load_model(str(path), compile=False), points)


def write_savedmodel(model: Any, folder: Path) -> None:
    """One signature, `serving_default`, batch dimension free.

    The wrapping module leaves out what only Keras needs (training functions, metadata).
    """

    def answer(points: Any) -> dict[str, Any]:
        return {PREDICTIONS: model(points, training=False)}

    shape = (None, *model.input_shape[1:])
    spec = tf.TensorSpec(shape, tf.float32, name=POINTS)
    module = tf.Module()
    module.variables_ = model.variables
    signature = tf.function(answer, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": signature})


def predict_savedmodel(folder: Path, points: Floats) -> Floats:
    """What the folder answers."""
    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["serving_default"]
    chunks = range(0, len(points), _CHUNK)
    return np.concatenate(
        [
            signature(**{POINTS: tf.constant(points[first : first + _CHUNK])})[PREDICTIONS].numpy()
            for first in chunks
        ]
    )
