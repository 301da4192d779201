"""How many records and points a run carried, and how many it could have carried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_ctl.results.numbers import Capacity, Throughput

from .timeline import NS, consumed_times, middle_span

if TYPE_CHECKING:
    import polars as pl

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.numbers import Backlog, Window

    from .percentiles import Array
    from .usage import OwnCounter, Usage

_PHASE_NEEDS_RESULTS: Final = 100
_PHASE_NEEDS_SECONDS: Final = 1.0
_SATURATED_BACKLOG_SECONDS: Final = 0.5


def middle_rate(times: Array) -> float | None:
    """Events per second over the steady middle of their sorted times (ns)."""
    span = middle_span(times)
    return None if span is None else span[2] / ((span[1] - span[0]) / NS)


def phase_rate(times: Array) -> float | None:
    """`middle_rate` of a phase, if it is long enough to have one."""
    long_enough = (
        times.size >= _PHASE_NEEDS_RESULTS
        and float(times[-1] - times[0]) / NS >= _PHASE_NEEDS_SECONDS
    )
    return middle_rate(times) if long_enough else None


def achieved_span(times: Array, window: Window) -> tuple[int, int]:
    """From the first of the sorted result times for as long as the schedule is, ns."""
    return int(times[0]), int(times[0] + window.schedule_seconds * NS)


def own_rate(
    usage: Usage, counter: OwnCounter, times: Array, cell: Cell, window: Window
) -> float | None:
    """Records per second by the processor's own counter.

    Over the time that our figure is over: of the capacity to saturate, else of `achieved`.
    """
    if not times.size:
        return None
    span = middle_span(times) if cell.aim.floods else achieved_span(times, window)
    if span is None or span[1] <= span[0]:
        return None
    return usage.counted_per_s(counter, span[0], span[1])


def capacity_of(
    times: Array, cell: Cell, window: Window, backlog: Backlog | None
) -> Capacity | None:
    """Capacity from the sorted times of the ok results; None if there are too few of them.

    Without a broker, `max` arrivals are a closed loop: the next record is made when there is room
    for it, so there is always work waiting and never a backlog.
    """
    rate = middle_rate(times)
    if rate is None:
        return None
    waiting = backlog.at_sending_end if backlog else 0
    closed_loop = cell.way.closed_loop and not cell.arrivals.paced
    return Capacity(
        records_per_s=rate,
        sharing_records_per_s=phase_rate(times[times <= window.sending_end_ns]),
        drain_records_per_s=phase_rate(times[times > window.sending_end_ns]),
        lower_bound=not closed_loop and waiting < rate * _SATURATED_BACKLOG_SECONDS,
    )


def throughput_of(  # noqa: PLR0917
    measured: pl.DataFrame,
    ok: pl.DataFrame,
    cell: Cell,
    window: Window,
    backlog: Backlog | None,
    own_records_per_s: float | None = None,
) -> Throughput:
    """Rates of a run.

    The window of `achieved` opens with the first result, so that a pipeline with a long but
    constant latency is not charged for it.

    Args:
        measured: every measured record.
        ok: those with a result.
        cell: what was run.
        window: the measured window.
        backlog: at its end, for the capacity.
        own_records_per_s: `own_rate`.
    """
    times = consumed_times(ok)
    within = (
        int(np.searchsorted(times, achieved_span(times, window)[1], side="right"))
        if times.size
        else 0
    )
    achieved = within / window.schedule_seconds if window.schedule_seconds else 0.0
    return Throughput(
        offered_records_per_s=cell.arrivals.offered(measured.height, window.schedule_seconds),
        sent_records_per_s=rate_of(np.sort(measured["sent_ns"].to_numpy())),
        achieved_records_per_s=achieved,
        achieved_points_per_s=achieved * cell.batch_size,
        capacity=capacity_of(times, cell, window, backlog) if cell.aim.floods else None,
        processor_records_per_s=own_records_per_s,
    )


def due_rate(measured: pl.DataFrame, cell: Cell) -> float | None:
    """Records per second from the first to the last due time; None without a schedule.

    What the sent rate is held against: the gaps at both ends of a schedule are in neither.
    """
    if not cell.arrivals.paced:
        return None
    return rate_of(np.sort(measured["intended_ns"].to_numpy()))


def rate_of(times: Array) -> float:
    """Events per second from the first to the last of sorted times (ns); 0 for fewer than two."""
    seconds = float(times[-1] - times[0]) / NS if times.size else 0.0
    return (times.size - 1) / seconds if seconds else 0.0
