"""The measured window, when results came in it, and how many records were on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

from crayfish_ctl.results.numbers import Backlog, Window

if TYPE_CHECKING:
    import polars as pl

    from crayfish_ctl.cells import Cell, StopRule

    from .percentiles import Array

NS: Final = 1e9
_MIDDLE: Final = (0.1, 0.9)
_BLOCKS: Final = 20
_SAMPLES_PER_BLOCK: Final = 10


def window_of(measured: pl.DataFrame, cell: Cell, stop: StopRule) -> Window | None:
    """The measured window; None if nothing was sent in it."""
    if measured.is_empty():
        return None
    sent = measured["sent_ns"].to_numpy()
    due = measured["intended_ns"].to_numpy()
    if cell.arrivals.paced:
        start = int(due.min())
        schedule = cell.arrivals.lasted(stop, due.size, float(np.ptp(due)) / NS)
    else:
        start, schedule = int(sent.min()), float(np.ptp(sent)) / NS
    return Window(
        start_ns=start,
        sending_end_ns=max(int(sent.max()), start + int(schedule * NS)),
        last_result_ns=_maximum(measured["consumed_ns"].drop_nulls().to_numpy()),
        schedule_seconds=schedule,
    )


def _maximum(values: Array) -> int | None:
    return int(values.max()) if values.size else None


def consumed_times(ok: pl.DataFrame) -> Array:
    """When the ok results came, sorted, ns."""
    return np.sort(ok["consumed_ns"].to_numpy())


def middle_span(times: Array) -> tuple[int, int, int] | None:
    """The steady middle of sorted times: (first ns, last ns, steps between them).

    From the 10 % to the 90 % quantile, so that start-up and the last stragglers do not count.
    """
    low, high = (int(share * (times.size - 1)) for share in _MIDDLE)
    if high <= low or times[high] <= times[low]:
        return None
    return int(times[low]), int(times[high]), high - low


def backlog_at(sent: Array, consumed: Array, times: Array) -> Array:
    """Records sent and not yet back at some times; `sent` and `consumed` are sorted."""
    return np.searchsorted(sent, times, side="right") - np.searchsorted(
        consumed, times, side="right"
    )


def sent_and_consumed(measured: pl.DataFrame, begins: str = "sent_ns") -> tuple[Array, Array]:
    """The sorted times at which records went and (first) results came; undelivered left out.

    Args:
        measured: records of the measured segment.
        begins: the column from whose time on a record waits (`Pipeline.waits_from`).
    """
    went = measured.filter(measured["status"] != "undelivered")
    return (
        np.sort(went[begins].to_numpy()),
        np.sort(went["consumed_ns"].drop_nulls().to_numpy()),
    )


def backlog_of(measured: pl.DataFrame, cell: Cell, window: Window) -> Backlog | None:
    """How the backlog grew while the producer was sending; None if nothing was delivered.

    The slope is that of a straight line through the means of 20 equal blocks of the window (blocks,
    because neighbouring samples of a queue resemble each other).
    """
    sent, consumed = sent_and_consumed(measured, cell.way.waits_from)
    if not sent.size:
        return None
    start, end = window.start_ns, int(sent[-1])
    edges = np.linspace(start, end, _BLOCKS * _SAMPLES_PER_BLOCK + 1)[1:]
    blocks = backlog_at(sent, consumed, edges).reshape(_BLOCKS, -1).mean(axis=1)
    slope, p_value = upward_slope(blocks, (end - start) / NS)
    return Backlog(
        max=int(backlog_at(sent, consumed, sent).max()),
        at_sending_end=int(backlog_at(sent, consumed, sent[-1:])[0]),
        slope_records_per_s=slope,
        slope_p_value=p_value,
    )


def upward_slope(blocks: Array, seconds: float) -> tuple[float, float]:
    """Slope per second of equally spaced values, and its one-sided p value."""
    if np.ptp(blocks) == 0 or seconds <= 0:
        return 0.0, 1.0
    at = (np.arange(blocks.size) + 0.5) * seconds / blocks.size
    line = stats.linregress(at, blocks, alternative="greater")
    return float(line.slope), float(line.pvalue)
