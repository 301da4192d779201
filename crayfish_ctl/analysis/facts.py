"""What the rules of the verdict look at, and their thresholds (docs/methodology.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.happened import Component, FaultFact, HostClock
    from crayfish_ctl.results.nodes import NodeUse
    from crayfish_ctl.results.numbers import (
        Backlog,
        CallFacts,
        Correctness,
        Counts,
        Percentiles,
        ProducerShare,
        Steady,
        Throughput,
        Warmed,
        Window,
    )

MAX_LAG_P99_MS: Final = 5.0
MAX_RATE_ERROR: Final = 0.01
MAX_THROTTLED_SHARE: Final = 0.01
MAX_ACCURACY_ERROR: Final = 0.001
MIN_ACHIEVED_SHARE: Final = 0.99
GROWTH_P_VALUE: Final = 0.01
GROWTH_SECONDS: Final = 0.5
MAX_CLOCK_STEP_MS: Final = 1.0
MAX_BUSY_SHARE: Final = 0.95
MAX_LINK_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at."""

    cell: Cell
    window: Window
    counts: Counts
    schedule_lag_ms: Percentiles
    late_records: int
    """Sent later after their due time than `MAX_LAG_P99_MS`."""
    throughput: Throughput
    correctness: Correctness
    components: tuple[Component, ...]
    backlog: Backlog | None
    steady: Steady | None
    consumer_ended: str | None
    disordered: int
    unsettled: int
    """Warm-up records that were to be back before the window began, and were not."""
    due_records_per_s: float | None
    """From the first to the last due time; None for `max`."""
    clock_step_ms: float
    """By how much the clock was set during the run; of several steps, the largest."""
    faults_done: tuple[FaultFact, ...] = ()
    producers: tuple[ProducerShare, ...] = ()
    """Of several that shared the schedule."""
    latency_ms: Percentiles | None = None
    calls: CallFacts | None = None
    host_clock: HostClock | None = None
    warmed: Warmed | None = None
    nodes: tuple[NodeUse, ...] = ()
    changed_images: tuple[str, ...] = ()
    """Services that ran another image than the experiment began with."""

    @property
    def saturates(self) -> bool:
        """Whether more is offered than can be carried, to find the capacity."""
        return self.cell.aim.floods

    @property
    def must_keep_schedule(self) -> bool:
        """Whether nothing but the producer itself can make it late.

        A fault may hold its client back, and a source inside the job waits for the job.
        """
        return not self.cell.faults and self.cell.way.broker
