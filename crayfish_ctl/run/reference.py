"""Reference predictions for points that came without any, so that every prediction is compared."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_contract.arrays import random_points
from crayfish_ctl.catalog.files import digest
from crayfish_ctl.models import NoReferenceError, fitting, predictions, read_format
from crayfish_ctl.models.onnx import RUNTIME, is_ort_format
from crayfish_ctl.plan.points import read_points
from crayfish_ctl.plan.runconfig import constants_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from crayfish_ctl.plan import Plan, Points

    Values = npt.NDArray[Any]

SECONDS: Final = 120.0
"""What nobody should wait for before the first run."""
_BYTES: Final = 128 * 1024 * 1024
"""Of points that are kept with the results, and of predictions that the consumer has in memory."""


def with_reference(plan: Plan, points: Points, folder: Path, say: Callable[[str], None]) -> Points:
    """The points with what the model answers to them, if it can be known and nobody has said it.

    Args:
        plan: of the experiment.
        points: as `prepare_points` gave them.
        folder: that containers see as /points; random points are written there, too.
        say: told in a line where the reference is from, or why there is none.
    """
    if points.reference_path or all(tool.scores_nothing for tool in plan.tools.values()):
        return points
    name = plan.model.name
    try:
        array = _array(plan, points)
        found = _cached(plan, array)
    except NoReferenceError as why:
        say(f"predictions of {name} are not compared: {why}")
        return points
    np.save(folder / "reference.npy", found)
    if points.kind == "random":
        np.save(folder / "points.npy", array)
        points = replace(points, kind="file", container_path="/points/points.npy")
    is_float = plan.model.output.is_float
    scale = max(1.0, float(np.abs(found).max())) if is_float else 1.0
    near = f"tolerance {plan.model.tolerance * scale:.3g}" if is_float else "must be equal"
    say(f"predictions of {name} are compared with those of ONNX Runtime {RUNTIME} here ({near})")
    return replace(points, reference_path="/points/reference.npy", scale=scale)


def _array(plan: Plan, points: Points) -> Values:
    given, answer = plan.model.input, plan.model.output
    shape, dtype = given.shape, given.dtype
    taken = math.prod(shape) * given.itemsize if points.kind == "random" else 0
    each = max(math.prod(answer.shape) * answer.itemsize, taken)
    if points.count * each > _BYTES:
        fit = _BYTES // each
        raise NoReferenceError(
            f"{points.count:,} points are too many to keep (at most {fit:,}: --points random:{fit})"
        )
    if points.kind == "random":
        return random_points(dtype, shape, points.count, plan.choices.seed)
    if plan.choices.points == "test" and plan.model.points is not None:
        return read_points(plan.models_dir.parent / plan.model.points.path, shape, dtype)
    return read_points(plan.choices.points, shape, dtype)


def _cached(plan: Plan, points: Values) -> Values:
    """Made once for a model and points."""
    model = plan.model
    file = model.formats.get("onnx")
    if file is None:
        raise NoReferenceError("nobody has said them, and here they are made of ONNX files only")
    path = plan.models_dir.parent / file.path
    if not path.is_file() or file.sha256 not in {None, digest(path)}:
        raise NoReferenceError(f"{path} is not the file that {model.file} describes")
    if is_ort_format(path):
        raise NoReferenceError(f"{path} does not say its tensors")
    point, prediction = fitting(
        read_format(path, "onnx"), (file.input, file.output), constants=file.constants
    )
    fixed = constants_of(plan, "onnx") or {}
    known = hashlib.sha256(f"{RUNTIME} {digest(path)} {prediction.name}".encode())
    known.update(repr(sorted(fixed.items())).encode() if fixed else b"")
    for weights in read_format(path, "onnx").files:
        known.update(digest(path.parent / weights).encode())
    known.update(np.ascontiguousarray(points).data)
    cache = plan.roots.checkout / ".cache" / "references"
    kept = cache / f"{known.hexdigest()}.npy"
    if kept.is_file():
        cached: Values = np.load(kept, allow_pickle=False)
        return cached
    found = predictions(path, (point.name, prediction.name), points, SECONDS, fixed)
    if found.dtype != model.output.dtype or found.shape != (len(points), *model.output.shape):
        raise NoReferenceError(f"ONNX Runtime answers {found.dtype}{list(found.shape)}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".npy", delete=False) as written:
        np.save(written, found)
    os.replace(written.name, kept)  # noqa: PTH105  whole, or not there
    return found
