"""How many requests a server puts into one execution of the model: counted by who scores them.

Counting costs an addition for each execution. What was counted is told now and then by a thread of
its own, because telling goes through a pipe or through shared memory, and would be measured if each
execution had to wait for it.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXECUTIONS: Final = "crayfish_executions_total"
"""The metric: executions of at most `le` requests, a counter for each bound."""
_TOLD_EVERY_S: Final = 0.25
"""Scrapes come each second: what is told has to be newer than they are."""


def size_bounds(most: int) -> tuple[int, ...]:
    """Upper bounds for sizes from 1 to `most`, two for each doubling: 1, 2, 3, 4, 6, 8, 12, ...

    Args:
        most: the largest size that there can be; always the last bound.
    """
    doubled = [2**power for power in range(most.bit_length())]
    between = [3 * size for size in doubled]
    return (*sorted(size for size in (*doubled, *between) if size < most), most)


class ExecutionSizes:
    """Executions by how many requests they had. One thread adds to it, another one reads."""

    def __init__(self, most: int) -> None:
        """Nothing counted.

        Args:
            most: requests that one execution can have.
        """
        self._bounds = size_bounds(most)
        self._executions = [0] * len(self._bounds)
        self._told: list[int] | None = None

    def add(self, requests: int) -> None:
        """Count one execution of so many requests."""
        place = bisect_left(self._bounds, requests)
        self._executions[min(place, len(self._bounds) - 1)] += 1

    def news(self) -> dict[int, int]:
        """Bound -> by how much the executions of at most that size grew since the last call.

        All bounds at the first call, so that there are counters before there is anything to count;
        later those that grew.
        """
        now = list(accumulate(self._executions))
        told, self._told = self._told, now
        if told is None:
            return dict(zip(self._bounds, now, strict=True))
        grown = zip(self._bounds, now, told, strict=True)
        return {bound: new - old for bound, new, old in grown if new > old}


def keep_telling(
    sizes: ExecutionSizes,
    tell: Callable[[Mapping[int, int]], None],
    every_s: float = _TOLD_EVERY_S,
) -> Callable[[], None]:
    """Hand the news to `tell`, at once and then again and again, in a thread of its own.

    Args:
        sizes: what is counted.
        tell: takes `ExecutionSizes.news`, if there are any.
        every_s: seconds between two looks.

    Returns:
        What ends it: the last news are told before it returns.
    """
    tell(sizes.news())
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(every_s):
            if news := sizes.news():
                tell(news)

    thread = threading.Thread(target=look, name="execution-sizes", daemon=True)
    thread.start()

    def end() -> None:
        ended.set()
        thread.join()
        if news := sizes.news():
            tell(news)

    return end
