"""Requests that are put together, and answers that are taken apart again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_torchserve.bodies import Binary, BodyError, Json, answer_all

if TYPE_CHECKING:
    from crayfish_torchserve.bodies import Values

SHAPE = (2, 3)


def points(n: int, first: float = 0.0) -> Values:
    return np.arange(n * 6, dtype=np.float32).reshape(n, *SHAPE) + np.float32(first)


def sums(batch: Values) -> Values:
    """A model of one output, which tells points apart."""
    return np.asarray(batch.sum(axis=(1, 2))[:, None], np.float32)


def test_bytes_are_points_and_answers() -> None:
    codec = Binary(SHAPE)
    assert np.array_equal(codec.points(bytearray(points(3).tobytes())), points(3))
    assert codec.answer(sums(points(3))) == sums(points(3)).tobytes()


@pytest.mark.parametrize("body", [b"", bytearray(7), bytes(25), "text", None, {"a": 1}])
def test_what_is_no_points_is_refused(body: Any) -> None:
    with pytest.raises(BodyError):
        Binary(SHAPE).points(body)


@pytest.mark.parametrize("as_text", [True, False])
def test_json_is_nested_lists(*, as_text: bool) -> None:
    codec = Json(SHAPE)
    body: Any = points(2).tolist()
    assert np.array_equal(codec.points(json.dumps(body) if as_text else body), points(2))
    assert json.loads(codec.answer(sums(points(2)))) == [[15.0], [51.0]]


@pytest.mark.parametrize(
    "body",
    [
        b"[[1",
        b"[]",
        b"[[1, 2, 3]]",
        b'[[[1, 2, "x"], [1, 2, 3]]]',
        b"[[[1], [1, 2]]]",
        None,
        b"[[[1, 2, 1%b], [1, 2, 3]]]" % (b"0" * 400),
        b"[" * 200_000,
    ],
)
def test_json_of_another_shape_is_refused(body: Any) -> None:
    with pytest.raises(BodyError):
        Json(SHAPE).points(body)


def test_a_batch_is_one_call_and_each_gets_its_own() -> None:
    calls: list[int] = []

    def score(batch: Values) -> Values:
        calls.append(len(batch))
        return sums(batch)

    batches = [points(2), points(1, 5), points(3, -2)]
    answers = answer_all([bytearray(p.tobytes()) for p in batches], Binary(SHAPE), score)
    assert answers == [sums(p).tobytes() for p in batches]
    assert calls == [6]


def test_one_wrong_body_costs_the_others_nothing() -> None:
    good = bytearray(points(2).tobytes())
    first, wrong, last = answer_all([good, b"abc", good], Binary(SHAPE), sums)
    assert first == last == sums(points(2)).tobytes()
    assert isinstance(wrong, BodyError)


def test_without_a_right_body_nothing_is_scored() -> None:
    def score(batch: Values) -> Values:
        raise AssertionError(batch)

    answers = answer_all([b"abc", b""], Binary(SHAPE), score)
    assert [str(each) for each in answers] == [
        "3 bytes are not points of 24",
        "0 bytes are not points of 24",
    ]
