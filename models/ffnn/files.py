"""Where the model's files lie, their digests, and the facts that the catalog keeps about them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from models.common.digests import digest

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "models" / "ffnn"
CONFIG: Final = ROOT / "configs" / "models" / "ffnn.yaml"

ONNX: Final = FOLDER / "ffnn.onnx"
SAVEDMODEL: Final = FOLDER / "savedmodel"
KERAS_H5: Final = FOLDER / "ffnn.h5"
TORCHSCRIPT: Final = FOLDER / "ffnn.pt"
WEIGHTS: Final = FOLDER / "ffnn.npz"
POINTS: Final = FOLDER / "test-points.npz"
REFERENCE: Final = FOLDER / "reference.npy"
MADE: Final = (ONNX, SAVEDMODEL, KERAS_H5, TORCHSCRIPT, WEIGHTS, POINTS, REFERENCE)


class ModelFileError(Exception):
    """A model file is missing, stale or does not agree with the reference."""


def read_config() -> dict[str, Any]:
    """The model's entry in the catalog."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return config


def refresh_config(offline_accuracy: float) -> None:
    """Write the measured accuracy and every file's digest into the catalog; keep all else.

    Raises:
        ModelFileError: if the catalog lacks a place for one of them.
    """
    text = CONFIG.read_text(encoding="utf-8")
    text = _replace(text, r"^(offline_accuracy: ).*$", f"{offline_accuracy:.6f}")
    for path in MADE:
        name = re.escape(path.relative_to(ROOT).as_posix())
        text = _replace(text, rf"^( +path: {name}\n +sha256: ).*$", digest(path))
    CONFIG.write_text(text, encoding="utf-8")


def _replace(text: str, pattern: str, value: str) -> str:
    """Put `value` behind the one match of the pattern's first group."""
    text, count = re.subn(pattern, rf"\g<1>{value}", text, flags=re.MULTILINE)
    if count != 1:
        raise ModelFileError(f"{CONFIG}: {count} places match {pattern}, expected 1")
    return text
