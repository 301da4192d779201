"""Executions by their size: what is counted is told once, and all of it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from crayfish_serving import ExecutionSizes, keep_telling, size_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    ("most", "bounds"),
    [
        (1, (1,)),
        (2, (1, 2)),
        (4, (1, 2, 3, 4)),
        (10, (1, 2, 3, 4, 6, 8, 10)),
        (16, (1, 2, 3, 4, 6, 8, 12, 16)),
        (17, (1, 2, 3, 4, 6, 8, 12, 16, 17)),
    ],
)
def test_bounds_end_with_the_largest_size(most: int, bounds: tuple[int, ...]) -> None:
    assert size_bounds(most) == bounds


def test_each_bound_has_what_is_not_larger() -> None:
    sizes = ExecutionSizes(6)
    for requests in (1, 1, 3, 5, 6):
        sizes.add(requests)
    assert sizes.news() == {1: 2, 2: 2, 3: 3, 4: 3, 6: 5}


def test_news_are_what_is_new() -> None:
    sizes = ExecutionSizes(4)
    assert sizes.news() == {1: 0, 2: 0, 3: 0, 4: 0}
    assert sizes.news() == {}
    sizes.add(3)
    assert sizes.news() == {3: 1, 4: 1}


def test_more_than_there_can_be_counts_as_the_most() -> None:
    sizes = ExecutionSizes(2)
    sizes.add(5)
    assert sizes.news() == {1: 0, 2: 1}


def test_all_is_told_while_it_is_counted_and_at_the_end() -> None:
    sizes = ExecutionSizes(2)
    told: Counter[int] = Counter()
    grew = threading.Event()

    def tell(news: Mapping[int, int]) -> None:
        told.update(news)
        if told[2]:
            grew.set()

    end = keep_telling(sizes, tell, every_s=0.001)
    assert set(told) == {1, 2}
    sizes.add(2)
    assert grew.wait(10)
    sizes.add(1)
    end()
    assert told == {1: 1, 2: 2}


def test_the_end_does_not_wait_for_the_next_look() -> None:
    sizes = ExecutionSizes(1)
    told: Counter[int] = Counter()
    end = keep_telling(sizes, told.update, every_s=3600)
    sizes.add(1)
    end()
    assert told == {1: 1}
