"""The distribution of the latency over all records, thinned to what a curve needs.

The records of all runs shown count alike. Thinning picks order statistics, so that every point of a
curve is the latency of some record and no part of the distribution is favoured: evenly through the
bulk, and evenly in the logarithm of the share above through the tail, where a handful of records
decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from crayfish_ctl.results import Results, RunResult

_BULK: Final = 180
_TAIL: Final = 180
MAX_POINTS: Final = 400

Since = Literal["intended_ns", "sent_ns"]
"""Where the latency begins: when the record was due, or when it was really sent."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a distribution, ascending."""

    records: int
    ms: list[float]
    below: list[float]
    """Share of the records that took at most as long: (k - 1/2) / n for the k-th of n."""
    above: list[float]
    """1 - below, exact in the tail."""


def latency_curve(
    results: Results, runs: Sequence[RunResult], since: Since = "intended_ns"
) -> Curve | None:
    """The latency until consumed of the ok records of the measured segments; None without any."""
    parts = [
        results.records(run.run_id)
        .filter((pl.col("segment") == "measured") & (pl.col("status") == "ok"))
        .select(pl.col("consumed_ns") - pl.col(since))
        .collect()
        .to_series()
        .to_numpy()
        for run in runs
        if results.has_records(run.run_id)
    ]
    spans = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    return thin(np.sort(spans) / 1e6) if spans.size else None


def thin(ascending: NDArray[np.float64]) -> Curve:
    """Choose points of sorted values (ms): all of them if they are few; first and last always."""
    count = ascending.size
    if count <= MAX_POINTS:
        places = np.arange(count)
    else:
        bulk = np.linspace(0, count - 1, _BULK)
        tail = count - 1 - np.geomspace(1, count, _TAIL) + 1
        places = np.unique(np.concatenate([bulk, tail]).round().astype(np.int64).clip(0, count - 1))
    return Curve(
        records=count,
        ms=ascending[places].round(4).tolist(),
        below=((places + 0.5) / count).round(9).tolist(),
        above=((count - places - 0.5) / count).round(9).tolist(),
    )
