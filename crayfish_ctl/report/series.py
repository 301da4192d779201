"""Records thinned to what a figure can show: a few hundred bins, however many records there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from crayfish_ctl.analysis.percentiles import quantiles, records_needed
from crayfish_ctl.analysis.timeline import backlog_at, sent_and_consumed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from crayfish_ctl.results import Results, RunResult

_BIN_SECONDS: Final = (
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
)
_BINS: Final = 120
_FEWEST_BINS: Final = 10
_RECORDS_FOR_A_RATE: Final = 100
"""Ten percent of noise if they are random."""
_BACKLOG_POINTS: Final = 240
NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LatencySeries:
    """Latency in ms by bins of the due time, in seconds from the start of the measured window."""

    bin_seconds: float
    at: list[float]
    p50: list[float]
    p99: list[float | None]
    """None where a bin has too few records for one."""
    max: list[float]


@dataclass(frozen=True, slots=True)
class RateSeries:
    """Records/s by whole bins of the measured segment, in seconds from its start."""

    bin_seconds: float
    due_at: list[float]
    due: list[float]
    back_at: list[float]
    back: list[float]
    """ok results; the bins go on until the last of them."""


@dataclass(frozen=True, slots=True)
class BacklogSeries:
    """Records sent and not yet back; seconds from the start of the measured window."""

    at: list[float]
    records: list[int]
    sending_end: float


def latency_series(results: Results, run: RunResult) -> LatencySeries | None:
    """Warm-up (negative times) included; None if the run has no results."""
    if run.window is None or run.counts is None or not results.has_records(run.run_id):
        return None
    start = run.window.start_ns
    done = (
        results.records(run.run_id)
        .filter(pl.col("status") == "ok")
        .select(
            ((pl.col("intended_ns") - start) / NS).alias("due"),
            ((pl.col("consumed_ns") - pl.col("intended_ns")) / 1e6).alias("latency"),
        )
        .collect()
    )
    if done.is_empty():
        return None
    width = bin_seconds(float(np.ptp(done["due"].to_numpy())), done.height, records_needed(0.99))
    bins = (
        done.group_by((pl.col("due") / width).floor().alias("bin"))
        .agg(pl.col("latency"))
        .sort("bin")
    )
    inside = [values.to_numpy() for values in bins["latency"]]
    found = [quantiles(values, (0.5, 0.99, 1.0)) for values in inside]
    return LatencySeries(
        bin_seconds=width,
        at=[round((number + 0.5) * width, 3) for number in bins["bin"]],
        p50=[round(p50, 4) for p50, _, _ in found],
        p99=[
            round(p99, 4) if values.size >= records_needed(0.99) else None
            for values, (_, p99, _) in zip(inside, found, strict=True)
        ],
        max=[round(largest, 4) for _, _, largest in found],
    )


def rate_series(results: Results, run: RunResult) -> RateSeries | None:
    """Offered and achieved rate over time; None if nothing came back."""
    if run.window is None or not results.has_records(run.run_id):
        return None
    measured = (
        results.records(run.run_id)
        .filter(pl.col("segment") == "measured")
        .select("intended_ns", "consumed_ns", "status")
        .collect()
    )
    answered = measured.filter(pl.col("status") == "ok")
    due = (measured["intended_ns"].to_numpy() - run.window.start_ns) / NS
    back = (answered["consumed_ns"].to_numpy() - run.window.start_ns) / NS
    if not back.size:
        return None
    width = bin_seconds(float(np.ptp(due)), due.size, _RECORDS_FOR_A_RATE)
    due_at, due_rates = _rates(due, width, run.window.schedule_seconds)
    back_at, back_rates = _rates(back, width, float(back.max()))
    return RateSeries(width, due_at, due_rates, back_at, back_rates)


def _rates(
    times: NDArray[np.float64], width: float, until: float
) -> tuple[list[float], list[float]]:
    """Middles and rates of the whole bins from 0 to `until`: half a bin would look like a fall."""
    bins = max(1, int(until / width + 1e-9))
    counts, edges = np.histogram(times, bins=bins, range=(0, bins * width))
    return (edges[:-1] + width / 2).round(3).tolist(), (counts / width).round(3).tolist()


def bin_seconds(span: float, records: int, in_bin: int) -> float:
    """The narrowest round width with at most some 120 bins and, in the mean, so many records each.

    A run with few records still gets ten bins.
    """
    bins = min(_BINS, max(_FEWEST_BINS, records // in_bin))
    fits = [width for width in _BIN_SECONDS if span / width <= bins]
    return fits[0] if fits else _BIN_SECONDS[-1]


def backlog_series(results: Results, run: RunResult) -> BacklogSeries | None:
    """The backlog at equally spaced times until the last result; None if nothing was sent."""
    if run.window is None or not results.has_records(run.run_id):
        return None
    measured = (
        results.records(run.run_id)
        .filter(pl.col("segment") == "measured")
        .select("sent_ns", "consumed_ns", "status")
        .collect()
    )
    sent, consumed = sent_and_consumed(measured)
    if not sent.size:
        return None
    start, last = run.window.start_ns, max(int(sent[-1]), int(consumed[-1]) if consumed.size else 0)
    times = np.linspace(start, last, _BACKLOG_POINTS)
    return BacklogSeries(
        at=((times - start) / NS).round(3).tolist(),
        records=backlog_at(sent, consumed, times).tolist(),
        sending_end=(int(sent[-1]) - start) / NS,
    )
