"""Counts by id, and the rule that says when a run's drain is over."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.codec import Segment, Status

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.void]

_PAGE: Final = 1 << 16
_SERVICE_TIMES: Final = 4
"""Without a result for this many service times of a canary, nothing is under way any more: a scorer
has one record at a time, and the first ones of a cold model are not the fastest."""


class Tally:
    """What has come back so far; memory is one byte per id, in pages.

    Pages, because one broken message may carry any id: it costs a page, and not all ids below it.
    """

    def __init__(self) -> None:
        self._pages: dict[int, npt.NDArray[np.bool_]] = {}
        self.received = 0
        self.failed = 0
        self.duplicates = 0
        self.unique = {Segment.WARMUP: 0, Segment.MEASURED: 0}

    @property
    def unique_total(self) -> int:
        """Distinct ids, warm-up and measured."""
        return sum(self.unique.values())

    def add(self, rows: Rows) -> int:
        """Count rows (RECEIVED); returns how many ids were new."""
        ids = rows["id"].astype(np.int64)
        distinct, first = np.unique(ids, return_index=True)
        fresh = np.empty(len(distinct), dtype=np.bool_)
        numbers = distinct // _PAGE
        # Ascending: the ids of a page lie together.
        bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(distinct)]
        for begin, end in pairwise(bounds):
            page = self._page(int(numbers[begin]))
            places = distinct[begin:end] % _PAGE
            fresh[begin:end] = ~page[places]
            page[places] = True
        segments = rows["segment"][first[fresh]]
        for segment in self.unique:
            self.unique[segment] += int(np.count_nonzero(segments == segment))
        new = int(np.count_nonzero(fresh))
        self.received += len(rows)
        self.duplicates += len(rows) - new
        self.failed += int(np.count_nonzero(rows["status"] == Status.FAILED))
        return new

    def _page(self, number: int) -> npt.NDArray[np.bool_]:
        if number not in self._pages:
            self._pages[number] = np.zeros(_PAGE, dtype=np.bool_)
        return self._pages[number]


@dataclass
class Drain:
    """When is a run over? All times are seconds of one monotonic clock."""

    idle_s: float
    total_s: float
    silence_s: float
    """Without a word from anybody for this long, the run is given up."""
    last_progress: float
    listen_s: float = 0.0
    """After the last id: duplicates come later than what they are duplicates of."""
    finished_at: float | None = None
    """When the producer said that nothing follows."""
    expected: int = 0
    """Records that the broker took."""
    complete_at: float | None = None
    """When the last of them was back."""

    def allow_for(self, service_s: float) -> None:
        """A record takes `service_s`: be patient for several, but never beyond the deadline."""
        self.idle_s = max(self.idle_s, min(_SERVICE_TIMES * service_s, self.total_s))

    def finish(self, expected: int, now: float) -> None:
        """The producer has said how many records the broker took."""
        self.expected, self.finished_at = expected, now

    def ended(self, unique: int, now: float) -> str | None:
        """All | idle | deadline | silence, or None while the run goes on."""
        if self.finished_at is None:
            return "silence" if now - self.last_progress > self.silence_s else None
        if unique >= self.expected:
            if self.complete_at is None:
                self.complete_at = now
            return "all" if now - self.complete_at >= self.listen_s else None
        if now - max(self.last_progress, self.finished_at) > self.idle_s:
            return "idle"
        if now - self.finished_at > self.total_s:
            return "deadline"
        return None
