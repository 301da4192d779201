"""A model as its maker leaves it, without a maker: only its ONNX file can be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from crayfish_ctl.catalog.files import digest
from tests.unit.models.made import onnx, tensor

if TYPE_CHECKING:
    from pathlib import Path

NAME = "resnet-small"


def leave(folder: Path, name: str = NAME, **changes: Any) -> None:
    """Every file that configs/models names, and `made.json`.

    Args:
        folder: to be filled.
        name: of the model.
        changes: in `made.json`.
    """
    (folder / "savedmodel").mkdir(parents=True)
    (folder / "savedmodel" / "saved_model.pb").write_bytes(b"pb")
    points = tensor("points", shape=("n", 64, 64, 3))
    (folder / f"{name}.onnx").write_bytes(onnx([points], [tensor("predictions", shape=("n", 10))]))
    for suffix in ("h5", "pt"):
        (folder / f"{name}.{suffix}").write_bytes(suffix.encode())
    random = np.random.default_rng(1)
    np.save(folder / "points.npy", random.random((3, 64, 64, 3), dtype=np.float32))
    np.save(folder / "reference.npy", random.random((3, 10), dtype=np.float32))
    files = {path.name: {"sha256": digest(path), "bytes": 3} for path in folder.iterdir()}
    facts = {
        "version": 1,
        "model": name,
        "weights": "seeded",
        "why": "asked for",
        "seconds": 3.5,
        "deviations": {"onnx": 1e-6},
        "files": files,
        **changes,
    }
    (folder / "made.json").write_text(json.dumps(facts))
