"""What an ONNX file answers: reference predictions for a model that came without any.

ONNX Runtime is in this environment for the services' tests (extra `services`), in the very version
that the images have. Nothing else needs it: without it predictions are not compared, and
that is said.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from crayfish_contract.runconfig import Constant

    Values = npt.NDArray[Any]

SAME: Final = 1e-6
"""Of the largest prediction: one library, asked twice for the same points, differs by less."""
_TWICE: Final = 16
"""Points that are asked for a second time."""
_CHUNK: Final = 32


class NoReferenceError(Exception):
    """There is no telling what this model should answer; the message says why."""


def predictions(
    path: Path,
    tensors: tuple[str, str],
    points: Values,
    seconds: float,
    constants: Mapping[str, Constant] | None = None,
) -> Values:
    """[n, *output] for [n, *input], asked with one thread for each core.

    Args:
        path: of the file.
        tensors: names of its input and its output.
        points: to be answered.
        seconds: that this may take.
        constants: what further inputs get; None: there are none.

    Raises:
        NoReferenceError: if there is no ONNX Runtime, it takes longer, or answers are not finite,
            or others when it is asked again.
    """
    session = _open(path)
    fed = {
        name: np.array(each.data, dtype=each.dtype).reshape(each.shape)
        for name, each in (constants or {}).items()
    }
    fixed = next(each.shape[0] for each in session.get_inputs() if each.name == tensors[0])
    chunk = fixed if isinstance(fixed, int) else _points_of_a_call(session, tensors, points, fed)
    answers: list[Values] = []
    started = time.monotonic()
    for first in range(0, len(points), chunk):
        answers.append(_ask(session, tensors, points[first : first + chunk], fixed, fed))
        share = min(1.0, (first + chunk) / len(points))
        expected = (time.monotonic() - started) / share
        if expected > seconds:
            raise NoReferenceError(
                f"ONNX Runtime would take {expected:,.0f} s for {len(points):,} points here "
                "(fewer: --points random:COUNT)"
            )
    found = np.concatenate(answers)
    if not np.isfinite(found).all():
        raise NoReferenceError("its answers to these points are not all finite")
    again = _ask(session, tensors, points[: min(chunk, _TWICE)], fixed, fed)
    if not _same(again, found[: len(again)], found):
        raise NoReferenceError("it answers the same points differently when it is asked again")
    return found


def _open(path: Path) -> Any:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime as ort  # noqa: PLC0415  large, and only here
    except ImportError:
        raise NoReferenceError("onnxruntime is not in the controller's environment") from None
    settings = ort.SessionOptions()
    settings.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  ORT's exceptions share no public base class
        raise NoReferenceError(f"ONNX Runtime does not read it: {_plainly(error)}") from None


def _same(again: Values, before: Values, found: Values) -> bool:
    if found.dtype.kind != "f":
        return np.array_equal(again, before)
    far = np.abs(again.astype(np.float64) - before).max()
    return bool(far <= SAME * max(1.0, float(np.abs(found).max())))


def _ask(
    session: Any,
    tensors: tuple[str, str],
    points: Values,
    fixed: int | str | None,
    fed: dict[str, Values],
) -> Values:
    """One call; a fixed batch is filled up with its last point."""
    point, answer = tensors
    missing = fixed - len(points) if isinstance(fixed, int) else 0
    if missing:
        points = np.concatenate([points, np.repeat(points[-1:], missing, axis=0)])
    try:
        found: Values = session.run([answer], {point: points, **fed})[0]
    except Exception as error:  # noqa: BLE001
        raise NoReferenceError(f"ONNX Runtime cannot score it: {_plainly(error)}") from None
    return found[: len(points) - missing]


def _points_of_a_call(
    session: Any, tensors: tuple[str, str], points: Values, fed: dict[str, Values]
) -> int:
    """As many as go quickly, or one.

    A dimension without a number may still take only one point: where a further input, which is the
    same for every call, is a state of one. Or it takes several and gives one prediction for them.
    """
    several = points[:2]
    try:
        answered = len(_ask(session, tensors, several, None, fed))
    except NoReferenceError:
        return 1
    return _CHUNK if answered == len(several) else 1


def _plainly(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
