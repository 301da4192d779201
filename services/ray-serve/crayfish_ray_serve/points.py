"""float32 as it travels, and the two models that answer it. Knows nothing of Ray."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from crayfish_serving import NOOP

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from crayfish_scoring.base import Floats
    from crayfish_serving import ServedModel

    Score = Callable[[Floats], Floats]


class BadPointsError(ValueError):
    """What was sent is no batch of the size that it says."""


def read_points(body: bytes, batch: int, shape: Sequence[int]) -> Floats:
    """float32[batch, *shape] of little-endian bytes, without a copy.

    Raises:
        BadPointsError: if the bytes are more or fewer, or none.
    """
    points = np.frombuffer(body, "<f4") if len(body) % 4 == 0 else None
    if points is None or batch < 1 or points.size != batch * np.prod(shape):
        raise BadPointsError(f"{len(body)} bytes are not {batch} points of shape {tuple(shape)}")
    return points.reshape(batch, *shape)


def score_together(score: Score, parts: Sequence[Floats]) -> list[Floats]:
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
        shape = model.output_shape
        found[NOOP] = lambda points: np.zeros((len(points), *shape), np.float32)
    if model.name in names:
        from crayfish_scoring.onnx import create  # noqa: PLC0415  only if it is asked for

        scorer = create(model, {"threads": threads}, None)
        scorer.load()
        found[model.name] = scorer.score
    return found
