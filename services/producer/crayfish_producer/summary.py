"""What the producer says of itself when it has ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from crayfish_contract.arrays import SENT, SENT_FILE
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import Segment
from crayfish_load.rows import read_parts

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Producer:
    """The measured segment of one of several producers."""

    sent: int
    rate: float | None
    """records/s"""
    schedule_lag_ms: dict[str, float]


@dataclass
class Summary:
    """`producer.json`; times are Unix ns."""

    started_ns: int = field(default_factory=time.time_ns)
    clock_start_ns: int = field(default_factory=clock_offset_ns)
    clock_end_ns: int | None = None
    """Unix time minus monotonic time at both ends of the run: they differ if the clock was set."""
    connected_ns: int | None = None
    ready_ns: int | None = None
    warmup_start_ns: int | None = None
    settle_start_ns: int | None = None
    settle_seconds: float | None = None
    """How long records went at the workload's own rate before they were measured."""
    settled: bool | None = None
    """Whether their latency fell no more at the end of it."""
    measured_start_ns: int | None = None
    measured_end_ns: int | None = None
    flushed_ns: int | None = None
    sent_warmup: int = 0
    sent_measured: int = 0
    delivered: int = 0
    undelivered: int = 0
    delivery_errors: dict[str, int] = field(default_factory=dict)
    schedule_lag_ms: dict[str, float] = field(default_factory=dict)
    measured_rate: float | None = None
    measured_cpu_seconds: float | None = None
    pool: int = 0
    interrupted: bool = False
    producers: tuple[Producer, ...] = ()
    """Each of several that shared the schedule; empty if one sent it all."""
    canaries: int = 0
    canary_latency_s: float = 0.0
    """The longest, from due to consumed: the first ones have waited for the stack to start."""

    def add_rows(self, out: Path, producers: int) -> None:
        """Schedule lag and rate of the measured segment, from the rows that were written.

        Args:
            out: their folder.
            producers: how many wrote them; producer k has the ids of which k is the rest.
        """
        rows = read_parts(out, SENT_FILE, SENT)
        measured = rows[rows["segment"] == int(Segment.MEASURED)]
        whole = of_rows(measured)
        self.schedule_lag_ms, self.measured_rate = whole.schedule_lag_ms, whole.rate
        if producers > 1:
            own = measured["id"] % producers
            self.producers = tuple(of_rows(measured[own == number]) for number in range(producers))


def of_rows(rows: np.ndarray[tuple[int], np.dtype[np.void]]) -> Producer:
    """What rows (SENT) of one segment say of who sent them."""
    if len(rows) == 0:
        return Producer(0, None, {})
    lag = (rows["sent_ns"] - rows["intended_ns"]) / 1e6
    names = {"p50": 50, "p99": 99, "max": 100}
    seconds = float(np.ptp(rows["sent_ns"])) / 1e9
    return Producer(
        len(rows),
        (len(rows) - 1) / seconds if seconds else None,
        {name: float(np.percentile(lag, quantile)) for name, quantile in names.items()},
    )
