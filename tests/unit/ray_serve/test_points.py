"""Points as they travel, and the two models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crayfish_ray_serve.points import BadPointsError, open_models, read_points, score_together
from crayfish_scoring import ScorerError
from crayfish_serving import read_settings
from tests.unit.serving.test_settings import ENVIRONMENT

FOLDER = Path(__file__).parents[3] / "models" / "ffnn"
POINTS = np.load(FOLDER / "test-points.npz")["points"]
REFERENCE = np.load(FOLDER / "reference.npy")
MODEL = read_settings(ENVIRONMENT).model


def test_bytes_are_points() -> None:
    assert np.array_equal(read_points(POINTS[:3].tobytes(), 3, (28, 28)), POINTS[:3])


@pytest.mark.parametrize(
    ("size", "batch"), [(0, 0), (0, 1), (3136, 2), (3137, 1), (6272, 1), (4, 1)]
)
def test_what_is_no_such_batch_is_refused(size: int, batch: int) -> None:
    with pytest.raises(BadPointsError, match=f"{size} bytes are not {batch} points"):
        read_points(bytes(size), batch, (28, 28))


@pytest.mark.parametrize("parts", [[2], [1, 3, 2]])
def test_each_gets_its_own_predictions(parts: list[int]) -> None:
    calls: list[int] = []
    score = open_models(MODEL, ["ffnn"], threads=1)["ffnn"]

    def counted(points: np.ndarray) -> np.ndarray:
        calls.append(len(points))
        return score(points)

    ends = np.cumsum(parts)
    given = [POINTS[end - n : end] for end, n in zip(ends, parts, strict=True)]
    for found, end, n in zip(score_together(counted, given), ends, parts, strict=True):
        assert np.abs(found - REFERENCE[end - n : end]).max() <= 1e-5
    assert calls == [sum(parts)]


def test_noop_answers_zeros_and_needs_no_model() -> None:
    (noop,) = open_models(MODEL, ["noop"], threads=1).values()
    assert noop(POINTS[:2]).tolist() == [[0.0] * 10] * 2


def test_a_model_that_cannot_be_used_is_said() -> None:
    other = read_settings({**ENVIRONMENT, "CRAYFISH_MODEL_PATH": __file__}).model
    with pytest.raises(ScorerError, match="not a usable ONNX model"):
        open_models(other, ["ffnn"], threads=1)
