"""A model's own test points, labels and reference: what containers would refuse, said beforehand.

Containers read these files where they lie, so they are not converted: they must be right.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from crayfish_ctl.errors import CrayfishError

from .read import numbers, read_array

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from crayfish_ctl.catalog import Model


def check_own_points(model: Model, root: Path) -> None:
    """Do points, labels and reference predictions fit the model and each other?

    Raises:
        CrayfishError: naming file and array, what it is, and what it must be; the caller names the
            model's config.
    """
    if model.points is None:
        raise CrayfishError(
            "points: the model has no test points",
            hint="give --points FILE or --points random:COUNT",
        )
    path = root / model.points.path
    points = read_array(path, "points")
    shape, dtype = model.input.shape, model.input.dtype
    if points.dtype != dtype or points.shape[1:] != shape or not len(points):
        wanted = f"(n, {', '.join(map(str, shape))})"
        raise CrayfishError(
            f"{path}: array points: is {points.dtype} of shape {points.shape}, and must be {dtype} "
            f"of shape {wanted}",
            hint=f"np.savez(..., points=points.astype('{dtype}').reshape{(-1, *shape)}, ...)",
        )
    if not np.isfinite(points).all():
        raise CrayfishError(f"{path}: array points: holds values that are not finite")
    if path.suffix == ".npz":
        _check_labels(
            path, len(points), math.prod(model.output.shape), required=model.points.labels
        )
    if model.reference is not None:
        _check_reference(root / model.reference.path, len(points), model)


def _check_labels(path: Path, points: int, classes: int, *, required: str | None) -> None:
    with np.load(path, allow_pickle=False) as archive:
        if "labels" not in archive:
            if required is None:
                return
            raise CrayfishError(
                f"{path}: has no array 'labels'; it has {', '.join(archive.files)}",
                hint="add it, or take `labels` out of the model's config",
            )
    labels: npt.NDArray[Any] = read_array(path, "labels")
    where, wanted = f"{path}: array labels", f"int64 of shape ({points},), the class of each point"
    if labels.ndim != 1 or len(labels) != points:
        one_hot = labels.shape == (points, classes)
        raise CrayfishError(
            f"{where}: has shape {labels.shape}, and must be {wanted}",
            hint="one-hot? labels.argmax(axis=1)" if one_hot else None,
        )
    if labels.dtype.kind not in "iu":
        raise CrayfishError(
            f"{where}: holds {labels.dtype}, and must be {wanted}",
            hint="labels.astype('int64')",
        )
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most >= classes:
        raise CrayfishError(
            f"{where}: classes from {least} to {most}, but the model's outputs are 0 to "
            f"{classes - 1}",
            hint="do they count from 1? labels - 1" if least == 1 and most == classes else None,
        )


def _check_reference(path: Path, points: int, model: Model) -> None:
    found = read_array(path, "reference")
    wanted = (points, *model.output.shape)
    if found.shape != wanted:
        raise CrayfishError(
            f"{path}: reference: has shape {found.shape}, and must be {wanted}: a prediction for "
            f"each of the {points} points"
        )
    dtype = model.output.dtype
    rounded = numbers(str(path), found)
    if not model.output.is_float and found.dtype != dtype:
        raise CrayfishError(
            f"{path}: reference: is {found.dtype}, and must be {dtype}, as predictions are",
            hint=f"np.save(..., reference.astype('{dtype}'))",
        )
    if not np.isfinite(found if dtype == "float64" else rounded).all():
        raise CrayfishError(f"{path}: reference: holds values that are not finite")
