"""Values as they travel, and the two models that answer it. Knows nothing of Ray."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from crayfish_serving import NOOP

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from crayfish_scoring.base import Values
    from crayfish_serving import ServedModel

    Score = Callable[[Values], Values]


class BadPointsError(ValueError):
    """What was sent is no batch of the size that it says."""


def read_points(body: bytes, batch: int, shape: Sequence[int], dtype: str = "float32") -> Values:
    """[batch, *shape] of little-endian bytes, without a copy.

    Raises:
        BadPointsError: if the bytes are more or fewer, or none.
    """
    kind = np.dtype(dtype)
    if batch < 1 or len(body) != batch * prod(shape) * kind.itemsize:
        raise BadPointsError(
            f"{len(body)} bytes are not {batch} points of {dtype} of shape {tuple(shape)}"
        )
    return np.frombuffer(body, kind).reshape(batch, *shape)


def score_together(score: Score, parts: Sequence[Values]) -> list[Values]:
    """One forward call for several requests; each gets its own predictions."""
    if len(parts) == 1:
        return [score(parts[0])]
    predictions = score(np.concatenate(parts))
    return np.split(predictions, np.cumsum([len(part) for part in parts])[:-1])


def open_models(model: ServedModel, names: Collection[str], threads: int) -> dict[str, Score]:
    """What scores, by the name of the model; the library is loaded if the model is one of them.

    Raises:
        ScorerError: if its file cannot be used.
    """
    found: dict[str, Score] = {}
    if NOOP in names:
        shape, dtype = model.output_shape, model.output_dtype
        found[NOOP] = lambda points: np.zeros((len(points), *shape), dtype)
    if model.name in names:
        from crayfish_scoring.onnx import create  # noqa: PLC0415  only if it is asked for

        scorer = create(model, {"threads": threads}, None)
        scorer.load()
        found[model.name] = scorer.score
    return found
