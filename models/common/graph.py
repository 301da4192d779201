"""A network as a list of steps: what Keras holds, in words that the other formats are made from.

A converter for each pair of libraries would be a large dependency, and none of them has the memory
for a VGG19 on a small machine. These networks need ten kinds of steps.

The values of a step are float32 with the channels second (n, c, h, w), as ONNX and PyTorch have
them; `transpose` is how points, whose channels come last, become that, and how they are before
`flatten`, whose order the weights after it know. Weights keep the shapes that Keras gives them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

POINTS: Final = "points"
PREDICTIONS: Final = "predictions"
"""What input and output are called, in every format that has names."""
_FILE: Final = "graph.json"
_PLAIN: Final = {"Add": "add", "GlobalAveragePooling2D": "mean", "Flatten": "flatten"}
"""Layers that have neither weights nor settings."""


@dataclass(frozen=True)
class Step:
    """One operation.

    Its kind is one of `transpose` (of channels, to the second place), `pad`, `conv`, `norm`,
    `relu`, `softmax`, `pool` (the largest), `add`, `mean` (over height and width), `flatten` (in
    the order height, width, channel) and `dense`.
    """

    kind: str
    name: str
    """Also of its value."""
    inputs: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    """`pads` (top, left, bottom, right), `strides`, `size` (of a pool), `epsilon`."""
    weights: dict[str, Floats] = field(default_factory=dict)
    """`kernel` and `bias`; of a norm `scale`, `offset`, `mean` and `variance`."""


class UnknownLayerError(Exception):
    """A layer is of a kind that has no step here."""


def steps_of(model: Any) -> list[Step]:
    """The steps of a Keras model with one input and one output, in the order of their values.

    Raises:
        UnknownLayerError: naming the layer.
    """
    values: dict[str, str] = {}
    steps: list[Step] = []
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            steps.append(Step("transpose", "channels_second", (POINTS,)))
        else:
            inputs = tuple(values[each.name] for each in _before(layer))
            steps += _steps(layer, inputs)
        values[layer.name] = steps[-1].name
    return [*steps[:-1], replace(steps[-1], name=PREDICTIONS)]


def _before(layer: Any) -> list[Any]:
    """The layers whose values it takes."""
    found = layer.inbound_nodes[0].inbound_layers
    return found if isinstance(found, list) else [found]


def _steps(layer: Any, inputs: tuple[str, ...]) -> Iterator[Step]:
    kind, name = type(layer).__name__, layer.name
    match kind:
        case "ZeroPadding2D":
            (top, bottom), (left, right) = layer.padding
            yield Step("pad", name, inputs, {"pads": [top, left, bottom, right]})
        case "Conv2D":
            settings = {"pads": _pads(layer), "strides": list(layer.strides)}
            yield from _activated(layer, Step("conv", name, inputs, settings, _kernel(layer)))
        case "BatchNormalization":
            named = {
                "scale": layer.gamma,
                "offset": layer.beta,
                "mean": layer.moving_mean,
                "variance": layer.moving_variance,
            }
            weights = {each: variable.numpy() for each, variable in named.items()}
            yield Step("norm", name, inputs, {"epsilon": float(layer.epsilon)}, weights)
        case "MaxPooling2D":
            if layer.padding != "valid":
                raise UnknownLayerError(f"{name}: padding {layer.padding}")
            sizes = {"size": list(layer.pool_size), "strides": list(layer.strides)}
            yield Step("pool", name, inputs, sizes)
        case "Dense":
            yield from _activated(layer, Step("dense", name, inputs, {}, _kernel(layer)))
        case "Activation":
            yield Step(layer.activation.__name__, name, inputs)
        case _ if kind in _PLAIN:
            yield Step(_PLAIN[kind], name, inputs)
        case _:
            raise UnknownLayerError(f"{name}: there is no step for a layer {kind}")


def _activated(layer: Any, step: Step) -> Iterator[Step]:
    """A layer may have an activation in itself; then the layer's name is that of its value."""
    activation = layer.activation.__name__
    if activation == "linear":
        yield step
        return
    linear = replace(step, name=f"{step.name}_linear")
    yield linear
    yield Step(activation, step.name, (linear.name,))


def _kernel(layer: Any) -> dict[str, Floats]:
    return {"kernel": layer.kernel.numpy(), "bias": layer.bias.numpy()}


def _pads(layer: Any) -> list[int]:
    size = layer.kernel_size
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    if tuple(layer.strides) != (1, 1) or any(each % 2 == 0 for each in size):
        raise UnknownLayerError(f"{layer.name}: padding same with strides {layer.strides}")
    half = [each // 2 for each in size]
    return [*half, *half]


def write_steps(steps: list[Step], folder: Path) -> None:
    """For an interpreter without Keras: the steps as JSON, and each weight as an .npy file."""
    described = []
    for number, step in enumerate(steps):
        files = {}
        for name, weight in step.weights.items():
            files[name] = f"{number}-{name}.npy"
            np.save(folder / files[name], weight)
        described.append([step.kind, step.name, step.inputs, step.settings, files])
    (folder / _FILE).write_text(json.dumps(described), encoding="utf-8")


def read_steps(folder: Path) -> list[Step]:
    """What `write_steps` wrote."""
    described = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return [
        Step(
            kind,
            name,
            tuple(inputs),
            settings,
            {each: np.load(folder / file) for each, file in files.items()},
        )
        for kind, name, inputs, settings, files in described
    ]
