# mypy: disable-error-code="import-not-found, import-untyped"
"""What a model's file answers, asked of its own framework: reference predictions.

    python -m models.common.answer --format keras-h5 --file /model.h5 --points /points.npy
        --out /out --seconds 120 [--input NAME --output NAME --constants JSON]

Writes /out/reference.npy and says whose answers they are. Ends with 2 and a line that says why, if
there are none, if they would take longer than `--seconds`, or if they are others the second time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .words import first_line, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Values = NDArray[Any]
    Ask = Callable[[Values], Values]

_CHUNK: Final = 8
"""Points of a call, so that what lies between two layers stays small."""
_AT_ONCE: Final = 256
"""Where each call is a process of its own."""
_TWICE: Final = 16
_SAME: Final = 1e-6
"""Of the largest prediction: one library, asked twice for the same points, differs by less."""
_FAILED: Final = 2


class NoAnswerError(Exception):
    """The message says why."""


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser()
    for name in ("format", "file", "points", "out"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("input", "output"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--constants", default="{}")
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    try:
        ask, framework = _OPEN[given.format](given)
        chunk = _AT_ONCE if given.format == "torchscript" else _CHUNK
        found = answers(ask, np.load(given.points), given.seconds, chunk)
    except Exception as error:  # noqa: BLE001  frameworks raise what they like
        say("error", first_line(error))
        return _FAILED
    np.save(Path(given.out, "reference.npy"), found)
    say("info", framework)
    return 0


def answers(ask: Ask, points: Values, seconds: float, most: int) -> Values:
    """[n, *output] for [n, *input], so many points a call at most, or one if it takes no more.

    Raises:
        NoAnswerError: if it takes too long, or answers are not finite, or others the second time.
    """
    chunk = most if _takes_two(ask, points) else 1
    found: list[Values] = []
    started = time.monotonic()
    for first in range(0, len(points), chunk):
        found.append(ask(points[first : first + chunk]))
        share = min(1.0, (first + chunk) / len(points))
        expected = (time.monotonic() - started) / share
        if expected > seconds:
            raise NoAnswerError(f"would take {expected:,.0f} s for {len(points):,} points here")
    whole = np.concatenate(found)
    if whole.dtype.kind == "f" and not np.isfinite(whole).all():
        raise NoAnswerError("its answers to these points are not all finite")
    again = np.concatenate(
        [ask(points[first : first + chunk]) for first in range(0, min(_TWICE, len(points)), chunk)]
    )
    if not _same(again, whole[: len(again)], whole):
        raise NoAnswerError("it answers the same points differently when it is asked again")
    return whole


def _takes_two(ask: Ask, points: Values) -> bool:
    try:
        ask(points[:2])
    except Exception:  # noqa: BLE001
        return False
    return True


def _same(again: Values, before: Values, whole: Values) -> bool:
    if whole.dtype.kind != "f":
        return np.array_equal(again, before)
    far = np.abs(again.astype(np.float64) - before).max()
    return bool(far <= _SAME * max(1.0, float(np.abs(whole).max())))


def _keras(given: argparse.Namespace) -> tuple[Ask, str]:
    import tf_keras

    model = tf_keras.models.load_model(given.file, compile=False)

    def ask(points: Values) -> Values:
        found: Values = model(points, training=False).numpy()
        return found

    return ask, f"Keras {tf_keras.__version__}"


def _savedmodel(given: argparse.Namespace) -> tuple[Ask, str]:
    import tensorflow as tf

    loaded = tf.saved_model.load(given.file)
    signature = loaded.signatures["serving_default"]
    names = list(signature.structured_input_signature[1])
    fixed = {
        name: tf.constant(np.array(each["data"], dtype=each["dtype"]).reshape(each["shape"]))
        for name, each in json.loads(given.constants).items()
    }
    point = given.input or next(name for name in names if name not in fixed)
    answer = given.output or next(iter(signature.structured_outputs))

    def ask(points: Values) -> Values:
        found: Values = signature(**{point: tf.constant(points), **fixed})[answer].numpy()
        return found

    _loaded.append(loaded)  # the signature holds it weakly
    return ask, f"TensorFlow {tf.__version__}"


_loaded: list[Any] = []


def _torchscript(given: argparse.Namespace) -> tuple[Ask, str]:
    """All points in one process of the interpreter that has PyTorch; it knows no time limit."""
    from . import torch_process

    return lambda points: torch_process.predict(
        Path(given.file), points
    ), f"PyTorch {torch_process.version()}"


_OPEN: Final = {"keras-h5": _keras, "tf-savedmodel": _savedmodel, "torchscript": _torchscript}


if __name__ == "__main__":
    sys.exit(main())
