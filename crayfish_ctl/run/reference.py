"""Reference predictions for points that came without any, so that every prediction is compared."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_contract.arrays import random_points
from crayfish_ctl.catalog.files import digest
from crayfish_ctl.models import NoReferenceError, fitting, predictions, read_format
from crayfish_ctl.models.onnx import RUNTIME, is_ort_format
from crayfish_ctl.plan.points import read_points
from crayfish_ctl.plan.runconfig import constants_of

from .framework import check_shape, framework_answers, keep, kept_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from crayfish_ctl.catalog.model import ModelFile
    from crayfish_ctl.plan import Plan, Points
    from crayfish_ctl.targets import Target

    Values = npt.NDArray[Any]

SECONDS: Final = 120.0
"""What nobody should wait for before the first run."""
_BYTES: Final = 128 * 1024 * 1024
"""Of points that are kept with the results, and of predictions that the consumer has in memory."""


def with_reference(
    plan: Plan, points: Points, folder: Path, target: Target, say: Callable[[str], None]
) -> Points:
    """The points with what the model answers to them, if it can be known and nobody has said it.

    Args:
        plan: of the experiment.
        points: as `prepare_points` gave them.
        folder: that containers see as /points; random points are written there, too.
        target: where a framework is asked that is not here.
        say: told in a line where the reference is from, or why there is none.
    """
    if points.reference_path or all(tool.scores_nothing for tool in plan.tools.values()):
        return points
    name = plan.model.name
    try:
        array = _array(plan, points)
        found, whose = _answers(plan, array, target)
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
    say(f"predictions of {name} are compared with those of {whose} ({near})")
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


def _answers(plan: Plan, points: Values, target: Target) -> tuple[Values, str]:
    """Of ONNX Runtime, which is here, or of the framework of the format that there is; and whose.

    Raises:
        NoReferenceError: if nobody can say them.
    """
    model = plan.model
    if "onnx" not in model.formats:
        return framework_answers(plan, points, target, SECONDS)
    file = model.formats["onnx"]
    path = plan.models_dir.parent / file.path
    if not path.is_file() or file.sha256 not in {None, digest(path)}:
        raise NoReferenceError(f"{path} is not the file that {model.file} describes")
    if is_ort_format(path):
        raise NoReferenceError(f"{path} does not say its tensors")
    return _of_onnx_runtime(plan, file, path, points), f"ONNX Runtime {RUNTIME} here"


def _of_onnx_runtime(plan: Plan, file: ModelFile, path: Path, points: Values) -> Values:
    """Made once for a model and points."""
    point, prediction = fitting(
        read_format(path, "onnx"), (file.input, file.output), constants=file.constants
    )
    fixed = constants_of(plan, "onnx") or {}
    known = hashlib.sha256(f"{RUNTIME} {digest(path)} {prediction.name}".encode())
    known.update(repr(sorted(fixed.items())).encode() if fixed else b"")
    for weights in read_format(path, "onnx").files:
        known.update(digest(path.parent / weights).encode())
    known.update(np.ascontiguousarray(points).data)
    kept = kept_at(plan.roots.checkout, known.hexdigest())
    if kept.is_file():
        cached: Values = np.load(kept, allow_pickle=False)
        return cached
    found = predictions(path, (point.name, prediction.name), points, SECONDS, fixed)
    keep(check_shape(found, plan.model, len(points), "ONNX Runtime"), kept)
    return found
