"""A framework is asked in small calls, twice, and not for longer than anybody should wait."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.common.answer import NoAnswerError, answers

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Values = npt.NDArray[Any]

POINTS = np.arange(40, dtype=np.float32).reshape(20, 2)


def test_every_point_has_its_answer_in_calls_of_a_few() -> None:
    sizes: list[int] = []

    def ask(points: Values) -> Values:
        sizes.append(len(points))
        return -points

    assert np.array_equal(answers(ask, POINTS, 60, 8), -POINTS)
    assert max(sizes) == 8


def test_a_model_that_takes_one_point_gets_one() -> None:
    def ask(points: Values) -> Values:
        if len(points) != 1:
            raise ValueError("a state of one")
        return points

    assert np.array_equal(answers(ask, POINTS, 60, 8), POINTS)


def anything() -> Callable[[Values], Values]:
    calls = count()
    return lambda points: points + next(calls)


@pytest.mark.parametrize(
    ("ask", "seconds", "why"),
    [
        (anything(), 60, "answers the same points differently"),
        (lambda points: points * np.inf, 60, "not all finite"),
        (lambda points: points, 0, "would take"),
    ],
)
def test_why_there_are_none(ask: Callable[[Values], Values], seconds: float, why: str) -> None:
    with pytest.raises(NoAnswerError, match=why):
        answers(ask, POINTS + 1, seconds, 8)


def test_whole_numbers_are_equal_or_not() -> None:
    points = POINTS.astype(np.int64)
    assert answers(lambda given: given, points, 60, 8).dtype == np.int64
    with pytest.raises(NoAnswerError, match="differently"):
        answers(anything(), points, 60, 8)
