"""TorchScript written and read by the interpreter that has PyTorch (`torch_format`)."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from .graph import write_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .graph import Step

    Floats = NDArray[np.float32]

_PYTHON: Final = "/usr/bin/python3"
"""Debian's own, for which its package python3-torch is."""


def write(steps: list[Step], points: Floats, path: Path) -> None:
    """The steps as a TorchScript file."""
    with tempfile.TemporaryDirectory() as folder:
        write_steps(steps, Path(folder))
        np.save(Path(folder, "points.npy"), points[:2])
        _torch("write", folder, str(path), str(Path(folder, "points.npy")))


def predict(path: Path, points: Floats) -> Floats:
    """What the file answers."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "points.npy"), Path(folder, "predictions.npy")
        np.save(source, points)
        _torch("predict", str(path), str(source), str(target))
        found: Floats = np.load(target)
        return found


def version() -> str:
    """Of PyTorch."""
    command = [_PYTHON, "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def _torch(*arguments: str) -> None:
    """The fixed hash seed fixes the order in which PyTorch writes its code."""
    command = [_PYTHON, "-m", "models.common.torch_format", *arguments]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, check=True)
