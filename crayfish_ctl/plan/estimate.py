"""How many records a run will send and how long it will take, before it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.catalog.values import COUNT_MAX
from crayfish_ctl.errors import CrayfishError
from crayfish_load.settled import BLOCKS

if TYPE_CHECKING:
    from .model import RunSpec

OVERHEAD_S = 10.0
"""Between two runs of the same stack, for the estimate only; the journal has the real figure."""
FIRST_START_S = 30.0
_SURELY = 60
"""So many expected records are never none: a Poisson process misses them once in 10^26 times."""


def scheduled_records(run: RunSpec) -> tuple[int, int]:
    """Warm-up and measured records that the schedule holds (the mean, if it is a random one)."""
    warmup = round(run.warmup.rate * run.warmup.seconds)
    return warmup, run.cell.arrivals.due_within(run.stop)


def estimate_seconds(run: RunSpec) -> float:
    """What a run is expected to take, its start and its drain included."""
    return OVERHEAD_S + run.warmup.seconds + settle_seconds(run) + measured_seconds(run)


def settle_seconds(run: RunSpec) -> float:
    """What the end of its warm-up is expected to take: as many blocks as are looked at, and two."""
    rule = run.warmup.settle
    return min(rule.max_seconds, (BLOCKS + 2) * rule.block_seconds) if rule else 0.0


def measured_seconds(run: RunSpec) -> float:
    """What its measured segment is expected to take."""
    way, arrivals, stop = run.cell.way, run.cell.arrivals, run.stop
    seconds = arrivals.lasts(stop)
    if seconds is None:
        seconds = arrivals.due_within(stop) / way.assumed_records_per_s
    # A loop over the scorer looks at the clock itself; a flood of records ends by its count.
    return seconds if way.processor else min(seconds, stop.seconds or seconds)


def check_schedule(run: RunSpec, repetitions: int) -> None:
    """Is any record due at all, in each repetition, and are they not too many?

    Args:
        run: the first of its workload.
        repetitions: the most that there will be; random arrivals have a seed in each.

    Raises:
        CrayfishError: if not.
    """
    for what, records in zip(("warm-up", "measured"), scheduled_records(run), strict=True):
        if records > COUNT_MAX:
            raise CrayfishError(
                f"{run.cell.workload}: {records:,} {what} records: a run has at most {COUNT_MAX:,}",
                hint="lower the rate, or the seconds",
            )
    arrivals, seconds = run.cell.arrivals, run.stop.seconds
    if arrivals.ends_itself or arrivals.mean is None or seconds is None:
        return
    if arrivals.mean * seconds > _SURELY:
        return
    from crayfish_load.arrivals import arrival_process  # noqa: PLC0415  few plans come here

    for repetition in range(1, repetitions + 1):
        if arrivals.random:
            seed = run.seed - run.repetition + repetition
            arrivals = arrivals.model_copy(update={"seed": seed})
        if arrival_process(arrivals).count(run.stop) == 0:
            raise CrayfishError(
                f"{run.cell.workload} for {seconds:g} s: no record is due in that time"
                + (f" in repetition {repetition}" if repetitions > 1 else ""),
                hint="raise --rate or --seconds",
            )
