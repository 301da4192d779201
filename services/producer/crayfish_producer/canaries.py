"""When a pipeline is ready: a canary of every partition is back scored, and none is under way.

How long a record takes is not known before the first one has come back, so a partition gets its
next canary only when the last one is back, or when that has taken so long that it may be lost. A
model that needs 30 s for a record then begins its warm-up without a backlog of canaries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_RESEND_S: Final = 2.0
"""A canary that is back sooner than this is never thought lost."""
_FAILURES: Final = 3
"""Canaries of one partition that come back as failed before it is given up."""


@dataclass
class _Partition:
    """What became of its canaries; times are seconds of one monotonic clock."""

    first_s: float = 0.0
    """When the first canary was sent since the last answer."""
    last_s: float = 0.0
    waiting: int = 0
    ok: bool = False
    failed: int = 0


class Canaries:
    """Which canaries were sent, and which have come back. It neither sends nor asks.

    Args:
        partitions: of the input topic; each gets canaries of its own.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = [_Partition() for _ in range(partitions)]
        self._where: dict[int, int] = {}
        """Partition of each canary that is under way."""
        self._moved_s = 0.0
        self.sent = 0
        self.longest_s = 0.0
        """The longest time from due to consumed of a canary, in seconds."""

    def due(self, now: float) -> list[int]:
        """Partitions that should get a canary at `now`."""
        return [
            number
            for number, partition in enumerate(self._partitions)
            if not partition.ok and now - partition.last_s >= self._patience_s(partition)
        ]

    def _patience_s(self, partition: _Partition) -> float:
        """How long its last canary is waited for; longer each time, as long as none is back."""
        if not partition.waiting:
            return 0.0
        silent_s = partition.last_s - partition.first_s
        return max(_RESEND_S, 2 * self.longest_s, silent_s)

    def note_sent(self, partition: int, now: float) -> int:
        """A canary goes to `partition`; returns its id."""
        id_, at = self.sent, self._partitions[partition]
        self.sent += 1
        self._where[id_] = partition
        if not at.waiting:
            at.first_s = now
        at.last_s, at.waiting = now, at.waiting + 1
        return id_

    def note_back(self, canaries: Iterable[Mapping[str, Any]], now: float) -> None:
        """What the consumer has seen so far; each canary counts once, however often it is told.

        Args:
            canaries: each with `id`, `ok`, and `latency_s`, from due to consumed.
            now: the time.
        """
        for canary in canaries:
            number = self._where.pop(int(canary["id"]), None)
            if number is None:
                continue
            partition = self._partitions[number]
            partition.waiting -= 1
            partition.first_s = partition.last_s
            partition.ok = partition.ok or bool(canary["ok"])
            partition.failed += not canary["ok"]
            self.longest_s = max(self.longest_s, float(canary["latency_s"]))
            self._moved_s = now

    @property
    def under_way(self) -> int:
        """Canaries that are not back."""
        return len(self._where)

    @property
    def silent(self) -> list[int]:
        """Partitions without a scored canary."""
        return [number for number, one in enumerate(self._partitions) if not one.ok]

    @property
    def refused(self) -> list[int]:
        """Partitions whose canaries all come back as failed."""
        return [
            number
            for number, one in enumerate(self._partitions)
            if not one.ok and one.failed >= _FAILURES
        ]

    def settled(self, now: float) -> bool:
        """Whether the warm-up may begin: all are back, or what is missing may be called lost."""
        if self.silent:
            return False
        return not self._where or now - self._moved_s > max(_RESEND_S, 2 * self.longest_s)
