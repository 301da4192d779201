"""How high the backlog of each burst rose, and when the latency was back where it had been.

When bursts begin and end is known from the schedule. Back means: within the band of the base, which
ends at the p99 of the records that were due before the first burst. A queue delays every record
that stands in it, so the medians of short bins show when it is gone; a single slow record (one in a
hundred lies above the band at any time) shows nothing. Several bins in a row must agree, so that a
lucky one does not count; but not all until the next burst, because a stall that comes later has
nothing to do with this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_ctl.results.numbers import Burst

from .latency import NS_PER_MS
from .percentiles import quantiles
from .timeline import NS, backlog_at, sent_and_consumed

if TYPE_CHECKING:
    import polars as pl

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.numbers import Window

    from .percentiles import Array

BIN_SECONDS: Final = 0.5
BIN_RECORDS: Final = 10
"""A bin is wider where the base would put fewer records into it."""
BINS_IN_A_ROW: Final = 3
BAND_QUANTILE: Final = 0.99


def bursts_of(measured: pl.DataFrame, cell: Cell, window: Window) -> tuple[Burst, ...]:
    """Every burst of a bursty workload; none of any other, or if the base has no latency.

    Args:
        measured: every measured record; one without a result counts as never being back.
        cell: what was run.
        window: the measured window.
    """
    phases = burst_times(cell, window)
    if not phases:
        return ()
    due = measured["intended_ns"].to_numpy()
    spans = measured["consumed_ns"] - measured["intended_ns"]
    latency = spans.cast(float).fill_null(np.inf).to_numpy() / NS_PER_MS
    base = latency[(due < phases[0][0]) & np.isfinite(latency)]
    if not base.size:
        return ()
    band = quantiles(base, (BAND_QUANTILE,))[0]
    base_rate = cell.arrivals.first or 0.0
    width = round(max(BIN_SECONDS, BIN_RECORDS / base_rate if base_rate else 0.0) * NS)
    sent, consumed = sent_and_consumed(measured, cell.way.waits_from)
    found: list[Burst] = []
    for start, end, until in phases:
        recovered = recovery(due, latency, (end, until), width, band)
        over = until if recovered is None else max(recovered, end)
        backlog = backlog_at(sent, consumed, sent[(sent >= start) & (sent <= over)])
        waited = latency[(due >= start) & (due <= over) & np.isfinite(latency)]
        found.append(
            Burst(
                start_ns=start,
                end_ns=end,
                peak_backlog=int(backlog.max(initial=0)),
                peak_latency_ms=float(waited.max(initial=0.0)),
                band_ms=band,
                recovered_ns=recovered,
                recovery_seconds=None if recovered is None else (recovered - end) / NS,
            )
        )
    return tuple(found)


def burst_times(cell: Cell, window: Window) -> list[tuple[int, int, int]]:
    """Start and end of each burst, and when the next begins or the schedule is over, Unix ns."""

    def at(seconds: float) -> int:
        return window.start_ns + round(seconds * NS)

    bursts = cell.arrivals.bursts(window.schedule_seconds)
    return [(at(start), at(end), at(until)) for start, end, until in bursts]


def recovery(
    due: Array, latency: Array, between: tuple[int, int], width: int, band: float
) -> int | None:
    """Start of the first of `BINS_IN_A_ROW` whole bins whose medians are within the band, Unix ns.

    Args:
        due: due times, sorted, Unix ns.
        latency: ms, infinite without a result.
        between: the burst's end, and the end of the time in which to look, Unix ns.
        width: of a bin, ns.
        band: upper end, ms.
    """
    begin, until = between
    edges = np.arange(begin, until + 1, width)
    places = np.searchsorted(due, edges)
    in_a_row = 0
    for number in range(edges.size - 1):
        values = latency[places[number] : places[number + 1]]
        within = values.size > 0 and float(np.median(values)) <= band
        in_a_row = in_a_row + 1 if within else 0
        if in_a_row == BINS_IN_A_ROW:
            return int(edges[number - BINS_IN_A_ROW + 1])
    return None
