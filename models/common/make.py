# mypy: disable-error-code="import-not-found, import-untyped"
"""Makes a model: one set of weights in four formats, points, and Keras' own predictions for them.

Called by models/NAME/make.py with what is special about NAME, in the image images/model-maker:

    python -m models.NAME.make --out FOLDER --tolerance 1e-4 [--weights imagenet|seeded|auto]

Every format is read back and held against the predictions before `made.json` is written, which
says what was made, and which the controller reads.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from . import keras_format, onnx_format, seeded, torch_process, words
from .digests import digest, size
from .graph import steps_of
from .photographs import crops

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Weights = Literal["imagenet", "seeded"]
VERSION: Final = 1
"""Of made.json."""
_PACKAGES: Final = ("tensorflow-cpu", "tf_keras", "onnx", "numpy")
_PATIENCE_S: Final = 20.0
"""For ImageNet's weights, where nobody answers."""
_FAILED: Final = 2
"""Exit code, as every container has it (docs/extending.md)."""
_SMALL: Final = 1
"""Points of the second call of each format: the batch dimension is free, or it fails."""


@dataclass(frozen=True)
class Recipe:
    """What is special about a model."""

    name: str
    side: int
    """Of a square image, in pixels."""
    network: Callable[[str | None], Any]
    """Makes the Keras model; given `imagenet` with those weights, given None with any."""
    preprocess: Callable[[Floats], Floats]
    """RGB from 0 to 255, float32[n, side, side, 3] -> points."""
    trained: bool = True
    """Whether there are weights of ImageNet for it."""


class MakerError(Exception):
    """The model cannot be made; the message says why."""


def main(recipe: Recipe) -> None:
    """Parse the command line, make, and check."""
    parser = argparse.ArgumentParser(description=f"Makes the model {recipe.name}.")
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    parser.add_argument("--tolerance", type=float, required=True, help="see configs/models")
    parser.add_argument("--weights", choices=("imagenet", "seeded", "auto"), default="auto")
    options = parser.parse_args()
    try:
        make(recipe, options.out, options.tolerance, options.weights)
    except MakerError as error:
        words.say("error", str(error))
        sys.exit(_FAILED)


def make(recipe: Recipe, out: Path, tolerance: float, wanted: str) -> None:
    """Write all files of a model.

    Args:
        recipe: of the model.
        out: an empty folder.
        tolerance: largest difference to the reference that a format may have.
        wanted: which weights; `auto`: ImageNet's if they can be had.

    Raises:
        MakerError: if ImageNet's weights are wanted and cannot be had, or a format differs.
    """
    started = time.monotonic()
    keras_format.one_thread()
    images = crops(recipe.side)
    points = recipe.preprocess(images.astype(np.float32)).astype(np.float32)

    def say(what: str) -> None:
        _say(what, started)

    model, weights, why = _network(recipe, points, wanted, say)
    reference = keras_format.predict(model, points)
    say(f"{recipe.name}: {model.count_params():,} parameters, weights: {weights}")
    for name, array in (("crops", images), ("points", points), ("reference", reference)):
        np.save(out / f"{name}.npy", array)
    files = _write(recipe, model, points, out, say)
    facts = {
        "version": VERSION,
        "model": recipe.name,
        "weights": weights,
        "why": why,
        "seed": seeded.SEED if weights == "seeded" else None,
        "parameters": model.count_params(),
    }
    del model
    deviations = _check(files, points, reference, tolerance, say)
    torch = {"torch": torch_process.version()}
    facts |= {
        "deviations": deviations,
        "classes": len(set(reference.argmax(axis=1).tolist())),
        "largest": [float(reference.max(axis=1).min()), float(reference.max())],
        "packages": {name: version(name) for name in _PACKAGES} | torch,
        "seconds": round(time.monotonic() - started, 1),
        "files": {path.name: {"sha256": digest(path), "bytes": size(path)} for path in _all(out)},
    }
    (out / "made.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    say(f"made {recipe.name}")


def _network(
    recipe: Recipe, points: Floats, wanted: str, say: Callable[[str], None]
) -> tuple[Any, Weights, str]:
    """The Keras model, whose weights it has, and why."""
    why = "asked for"
    if wanted != "seeded" and not recipe.trained:
        why = f"nobody has trained {recipe.name}"
        if wanted == "imagenet":
            raise MakerError(f"--weights imagenet: {why}")
    elif wanted != "seeded":
        socket.setdefaulttimeout(_PATIENCE_S)
        try:
            return recipe.network("imagenet"), "imagenet", "as published with Keras"
        except Exception as error:  # noqa: BLE001  of a loader that raises what it likes
            why = f"ImageNet's cannot be had: {str(error).splitlines()[0]}"
        if wanted == "imagenet":
            raise MakerError(f"--weights imagenet: {why}")
        say(f"{why}; a seed's in their place")
    model = recipe.network(None)
    seeded.fill(model, points)
    return model, "seeded", why


def _write(
    recipe: Recipe, model: Any, points: Floats, out: Path, say: Callable[[str], None]
) -> dict[str, Path]:
    """Each format's file."""
    files = {
        "keras-h5": out / f"{recipe.name}.h5",
        "tf-savedmodel": out / "savedmodel",
        "onnx": out / f"{recipe.name}.onnx",
        "torchscript": out / f"{recipe.name}.pt",
    }
    keras_format.write_h5(model, files["keras-h5"])
    say("written: keras-h5")
    keras_format.write_savedmodel(model, files["tf-savedmodel"])
    say("written: tf-savedmodel")
    steps = steps_of(model)
    onnx_format.write_onnx(steps, (model.input_shape[1:], model.output_shape[1:]), files["onnx"])
    say("written: onnx")
    torch_process.write(steps, points, files["torchscript"])
    say("written: torchscript")
    return files


def _check(
    files: Mapping[str, Path],
    points: Floats,
    reference: Floats,
    tolerance: float,
    say: Callable[[str], None],
) -> dict[str, float]:
    """The largest difference of each format to the reference, over two sizes of batches."""
    readers: dict[str, Callable[[Path, Floats], Floats]] = {
        "keras-h5": keras_format.predict_h5,
        "tf-savedmodel": keras_format.predict_savedmodel,
        "onnx": onnx_format.predict_onnx,
        "torchscript": torch_process.predict,
    }
    found = {}
    for name, path in files.items():
        differences = [
            float(np.abs(readers[name](path, points[:count]) - reference[:count]).max())
            for count in (len(points), _SMALL)
        ]
        found[name] = max(differences)
        say(f"{name}: largest difference to Keras {found[name]:.2e}")
        if not found[name] <= tolerance:  # so written, NaN fails too
            raise MakerError(f"{name}: differs from Keras by {found[name]}, more than {tolerance}")
    return found


def _all(out: Path) -> list[Path]:
    return sorted(path for path in out.iterdir() if path.name != "made.json")


def _say(what: str, started: float) -> None:
    """A line with the time that has passed."""
    words.say("info", f"{what} ({time.monotonic() - started:.0f} s)")
