"""`--points`: checked when the plan is made, resolved when the experiment begins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from crayfish_ctl.errors import CrayfishError

from .own import check_own_points
from .read import read_points

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.catalog import Model

_RANDOM = "random:"
_RANDOM_BYTES = 2 * 1024**3
"""The producer draws all of them before it starts, and has them in memory."""

_RANDOM_POINTS = 1000
_SENT_BYTES = 64 * 1024 * 1024
"""Of different points as many as a producer sends (`pool_size`), and of answers to compare with."""


@dataclass(frozen=True)
class Points:
    """The source of the points, as the run config names it."""

    kind: Literal["file", "random"]
    count: int
    container_path: str | None = None
    reference_path: str | None = None
    scale: float = 1.0
    """Of the reference, if it was made here: the model's tolerance is for predictions up to 1."""


def points_for(choice: str, model: Model) -> str:
    """`--points` as it is meant: a model without points of its own gets random ones."""
    if choice != "test" or model.points is not None:
        return choice
    values = max(math.prod(model.input.shape), math.prod(model.output.shape))
    itemsize = max(model.input.itemsize, model.output.itemsize)
    fit = _SENT_BYTES // (itemsize * values)
    return f"{_RANDOM}{max(1, min(_RANDOM_POINTS, fit))}"


def check_points(choice: str, model: Model, root: Path) -> None:
    """Is `--points` usable? Asked before anything starts.

    Raises:
        CrayfishError: naming the flag or the file, and what is wrong.
    """
    if choice == "test":
        try:
            check_own_points(model, root)
        except CrayfishError as error:
            raise CrayfishError(f"{model.file}: {error.message}", hint=error.hint) from None
    elif choice.startswith(_RANDOM):
        text = choice.removeprefix(_RANDOM)
        if not (text.isascii() and text.isdecimal()) or len(text) > 12 or int(text) == 0:  # noqa: PLR2004
            raise CrayfishError(f"--points {choice}: {text!r} is not a number of points")
        most = _RANDOM_BYTES // (model.input.itemsize * math.prod(model.input.shape))
        if int(text) > most:
            raise CrayfishError(
                f"--points {choice}: more than fit into the producer's memory",
                hint=f"at most {most:,} of {model.name}; they are sent again and again",
            )
    else:
        read_points(choice, model.input.shape, model.input.dtype)


def prepare_points(choice: str, model: Model, root: Path, folder: Path) -> Points:
    """Resolve `--points`, which the plan has checked; a user's file is copied into `folder`.

    Raises:
        CrayfishError: if a file has changed since, and cannot be read as points any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if choice == "test" and model.points is not None:
        return Points(
            kind="file",
            count=len(read_points(root / model.points.path, model.input.shape, model.input.dtype)),
            container_path=f"/{model.points.path}",
            reference_path=f"/{model.reference.path}" if model.reference else None,
        )
    if choice.startswith(_RANDOM):
        return Points(kind="random", count=int(choice.removeprefix(_RANDOM)))
    array = read_points(choice, model.input.shape, model.input.dtype)
    np.save(folder / "points.npy", array)
    return Points(kind="file", count=len(array), container_path="/points/points.npy")
