"""Counts by id, and the rule that says when a run's drain is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.codec import Segment, Status

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.void]

_FIRST_SIZE: Final = 1 << 16
_SERVICE_TIMES: Final = 4
"""Without a result for this many service times of a canary, nothing is under way any more: a scorer
has one record at a time, and the first ones of a cold model are not the fastest."""


class Tally:
    """What has come back so far; memory is one byte per id."""

    def __init__(self) -> None:
        self._seen = np.zeros(_FIRST_SIZE, dtype=np.bool_)
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
        top = int(ids.max()) + 1
        if top > len(self._seen):
            grown = np.zeros(max(top, 2 * len(self._seen)), dtype=np.bool_)
            grown[: len(self._seen)] = self._seen
            self._seen = grown
        distinct, first = np.unique(ids, return_index=True)
        fresh = ~self._seen[distinct]
        self._seen[distinct[fresh]] = True
        segments = rows["segment"][first[fresh]]
        for segment in self.unique:
            self.unique[segment] += int(np.count_nonzero(segments == segment))
        new = int(np.count_nonzero(fresh))
        self.received += len(rows)
        self.duplicates += len(rows) - new
        self.failed += int(np.count_nonzero(rows["status"] == Status.FAILED))
        return new


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
