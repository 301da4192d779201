# mypy: disable-error-code="import-not-found, import-untyped"
"""The TorchScript file: a script of its own, for an interpreter that has PyTorch.

    python3 -m models.common.torch_format write FOLDER MODEL.pt POINTS.npy
    python3 -m models.common.torch_format predict MODEL.pt POINTS.npy PREDICTIONS.npy

FOLDER is what `graph.write_steps` wrote; PyTorch goes through the network once with the points, and
notes what it does. `keras_format` calls it: TensorFlow and PyTorch need not share an environment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from .graph import POINTS, PREDICTIONS, read_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from .graph import Step


class Network(torch.nn.Module):  # type: ignore[misc]  # without PyTorch its base is unknown
    """The steps, one after the other."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self._steps = [(step, self._layer(step)) for step in steps]

    def _layer(self, step: Step) -> Any:
        """What has weights becomes a module of this one, so that they are part of the file."""
        weights = {name: torch.from_numpy(array) for name, array in step.weights.items()}
        layer: Any = None
        match step.kind:
            case "conv":
                kernel = weights["kernel"].permute(3, 2, 0, 1).contiguous()
                layer = torch.nn.Conv2d(
                    kernel.shape[1],
                    kernel.shape[0],
                    tuple(kernel.shape[2:]),
                    stride=tuple(step.settings["strides"]),
                    padding=tuple(step.settings["pads"][:2]),  # the same on both sides
                )
                _fill(layer, weight=kernel, bias=weights["bias"])
            case "norm":
                layer = torch.nn.BatchNorm2d(len(weights["scale"]), eps=step.settings["epsilon"])
                _fill(
                    layer,
                    weight=weights["scale"],
                    bias=weights["offset"],
                    running_mean=weights["mean"],
                    running_var=weights["variance"],
                )
            case "dense":
                layer = torch.nn.Linear(*weights["kernel"].shape)
                _fill(layer, weight=weights["kernel"].T.contiguous(), bias=weights["bias"])
        if layer is not None:
            self.add_module(step.name, layer)
        step.weights.clear()  # the layer has them: half a gigabyte of some models
        return layer

    def forward(self, points: Any) -> Any:
        """float32[n, h, w, c] -> float32[n, classes]."""
        values = {POINTS: points}
        for step, layer in self._steps:
            inputs = [values[name] for name in step.inputs]
            values[step.name] = _result(step, inputs) if layer is None else layer(*inputs)
        return values[PREDICTIONS]


def _fill(layer: Any, **tensors: Any) -> None:
    with torch.no_grad():
        for name, tensor in tensors.items():
            getattr(layer, name).copy_(tensor)


def _result(step: Step, inputs: list[Any]) -> Any:
    """Of a step without weights."""
    operations: dict[str, Callable[..., Any]] = {
        "transpose": lambda value: value.permute(0, 3, 1, 2).contiguous(),
        "pad": lambda value: functional.pad(value, _sides(step)),
        "pool": lambda value: functional.max_pool2d(
            value, step.settings["size"], step.settings["strides"]
        ),
        "mean": lambda value: value.mean((2, 3)),
        "flatten": lambda value: value.permute(0, 2, 3, 1).flatten(1),
        "add": lambda value, other: value + other,
        "relu": torch.relu,
        "softmax": lambda value: torch.softmax(value, 1),
    }
    return operations[step.kind](*inputs)


def _sides(step: Step) -> tuple[int, int, int, int]:
    """As PyTorch pads: the last dimension first."""
    top, left, bottom, right = step.settings["pads"]
    return left, right, top, bottom


def write(folder: Path, path: Path, points: Path) -> None:
    """Go through the network with two points, which leaves the batch dimension free."""
    network = Network(read_steps(folder)).eval()
    example = torch.from_numpy(np.load(points)[:2])
    with torch.no_grad():
        torch.jit.trace(network, example, check_trace=False).save(str(path))


def predict(path: Path, points: Path, predictions: Path) -> None:
    """Score the points of one .npy file into another."""
    model = torch.jit.load(str(path)).eval()
    with torch.no_grad():
        np.save(predictions, model(torch.from_numpy(np.load(points))).numpy())


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"write": write, "predict": predict}[sys.argv[1]](*map(Path, sys.argv[2:]))
