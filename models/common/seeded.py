# mypy: disable-error-code="import-not-found, import-untyped"
"""Weights from a seed, for where ImageNet's cannot be had: they cost the same, and know nothing.

Plain random weights prove little. Such a network answers nearly the same for every image, so a tool
that mixes up its records, or computes something else, would pass for right. So the weights are
scaled by what the network shows for the points: each normalisation has the mean and the variance
that it meets there, and the last layer tells the points apart, with logits of a standard deviation
of 3. Then the answers are as different, and as sure of themselves, as those of a trained network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tf_keras

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SEED: Final = 20240613
LOGITS: Final = 3.0
"""Standard deviation of the last layer's values, over points and classes."""
_OFFSET: Final = 0.1
"""Of biases: none would hide a format that has lost them."""
_CHUNK: Final = 8


def fill(model: Any, points: Floats) -> None:
    """Give every weight of a Keras model its value; the same on every run of one machine.

    Args:
        model: of convolutions, normalisations and dense layers, the last one dense.
        points: float32[n, *shape] by which it is scaled.
    """
    random = np.random.default_rng(SEED)
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            inputs = int(np.prod(layer.kernel.shape[:-1]))
            # He et al. 2015: keeps the variance through a layer with ReLU.
            kernel = _normal(random, layer.kernel.shape) * np.float32(np.sqrt(2 / inputs))
            layer.set_weights([kernel, _OFFSET * _normal(random, layer.bias.shape)])
        elif hasattr(layer, "gamma"):
            shape = layer.gamma.shape
            scale, offset = 1 + _OFFSET * _normal(random, shape), _OFFSET * _normal(random, shape)
            layer.set_weights([scale, offset, np.zeros(shape), np.ones(shape)])
    _settle(model, points)
    _tell_apart(model, points)


def _normal(random: np.random.Generator, shape: Any) -> Floats:
    return random.standard_normal(tuple(shape), dtype=np.float32)


def _settle(model: Any, points: Floats) -> None:
    """One step of training that learns nothing but what the normalisations meet."""
    norms = [layer for layer in model.layers if hasattr(layer, "momentum")]
    if not norms:
        return
    usual = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    model(points, training=True)
    for layer, momentum in zip(norms, usual, strict=True):
        layer.momentum = momentum


def _tell_apart(model: Any, points: Floats) -> None:
    """Centre the last layer on what it is given for the points, and scale what it makes of it."""
    last = model.layers[-1]
    below = tf_keras.Model(model.input, last.input)
    chunks = [points[first : first + _CHUNK] for first in range(0, len(points), _CHUNK)]
    given = np.concatenate([below(chunk, training=False).numpy() for chunk in chunks])
    centre = given.mean(axis=0, dtype=np.float64)
    kernel = last.get_weights()[0].astype(np.float64)
    kernel *= LOGITS / ((given - centre) @ kernel).std()
    last.set_weights([kernel.astype(np.float32), (-centre @ kernel).astype(np.float32)])
