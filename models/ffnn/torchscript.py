# mypy: disable-error-code="import-not-found, import-untyped"
"""The TorchScript format: a script of its own, for an interpreter that has PyTorch.

    python3 -m models.ffnn.torchscript build
    python3 -m models.ffnn.torchscript predict POINTS.npy PREDICTIONS.npy

make.py calls it: TensorFlow and PyTorch need not share an environment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

FOLDER: Final = Path(__file__).resolve().parent
WEIGHTS: Final = FOLDER / "ffnn.npz"
TORCHSCRIPT: Final = FOLDER / "ffnn.pt"


def build() -> None:
    """ffnn.npz -> ffnn.pt: float32[n, 28, 28] -> float32[n, 10]."""
    with np.load(WEIGHTS) as weights:
        count = len(weights.files) // 2
        layers: list[Any] = [torch.nn.Flatten()]
        for i in range(count):
            last = i == count - 1
            layers.append(_dense(weights[f"W{i}"], weights[f"b{i}"]))
            layers.append(torch.nn.Softmax(dim=1) if last else torch.nn.ReLU())
    torch.jit.script(torch.nn.Sequential(*layers).eval()).save(str(TORCHSCRIPT))


def predict(source: str, target: str) -> None:
    """Score the points of one .npy file into another."""
    model = torch.jit.load(str(TORCHSCRIPT)).eval()
    with torch.no_grad():
        np.save(target, model(torch.from_numpy(np.load(source))).numpy())


def _dense(weights: Any, bias: Any) -> Any:
    """A linear layer; torch keeps its weights as [outputs, inputs], Keras the other way round."""
    layer = torch.nn.Linear(*weights.shape)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights.T))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build()
    else:
        predict(*sys.argv[2:])
