"""Did a run find its steady state, or did it drift from the beginning to the end of its window?

The window is cut into equal blocks, because neighbouring records resemble each other and would make
any trend look significant. The test is that of Mann ("Nonparametric tests against trend",
Econometrica 13, 1945) and Kendall (Rank Correlation Methods, 1975): Kendall's tau between the
blocks' order and their values; it assumes no distribution and no straight line. How much it matters
is the slope of Theil and Sen (Sen, "Estimates of the regression coefficient based on Kendall's
tau", JASA 63, 1968): the median of the slopes between all pairs of blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

from crayfish_ctl.results.numbers import Steady

from .latency import span_ms
from .timeline import consumed_times, middle_span

if TYPE_CHECKING:
    import polars as pl

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.numbers import Window

    from .percentiles import Array

DRIFT_P_VALUE: Final = 0.01
DRIFT_CHANGE: Final = 0.1
BLOCKS: Final = 20
_RECORDS_PER_BLOCK: Final = 5


def steady_of(ok: pl.DataFrame, cell: Cell, window: Window) -> Steady | None:
    """Judge a run by what it is run for; None if that is not meant to be steady.

    To sustain a steady rate: the latency. To saturate: the rate of the results. An overload, and a
    rate that itself changes (bursts, a ramp, a trace), has no steady state.

    Args:
        ok: the measured records with a result.
        cell: what was run.
        window: the measured window.
    """
    if cell.aim.steady_by == "results":
        blocks = completion_blocks(consumed_times(ok), window.sending_end_ns)
    elif cell.aim.steady_by == "latency" and cell.arrivals.steady:
        blocks = latency_blocks(ok)
    else:
        return None
    return None if blocks is None else judge_blocks(blocks)


def latency_blocks(ok: pl.DataFrame) -> Array | None:
    """Median latency, ms, of blocks of equally many records in the order of their due times."""
    if ok.height < BLOCKS * _RECORDS_PER_BLOCK:
        return None
    values = span_ms(ok.sort("intended_ns"), "intended_ns", "consumed_ns")
    return np.array([np.median(block) for block in np.array_split(values, BLOCKS)])


def completion_blocks(times: Array, sending_end_ns: int) -> Array | None:
    """Results in each of equally long blocks of the middle 80 % of their sorted times (ns).

    When the producer leaves, the pipeline has more of the machine: a change that is no drift. If
    that falls into the middle, only the longer of its two parts is judged.
    """
    span = middle_span(times)
    if span is None:
        return None
    low, high, _ = span
    if low < sending_end_ns < high:
        sending_is_longer = sending_end_ns - low >= high - sending_end_ns
        low, high = (low, sending_end_ns) if sending_is_longer else (sending_end_ns, high)
    counts, _ = np.histogram(times, bins=np.linspace(low, high, BLOCKS + 1))
    return counts if counts.sum() >= BLOCKS * _RECORDS_PER_BLOCK else None


def judge_blocks(blocks: Array) -> Steady | None:
    """Test the values of equal blocks for a trend; None if their median is 0: nothing to drift."""
    median = float(np.median(blocks))
    if median <= 0:
        return None
    if np.ptp(blocks) == 0:
        return Steady(steady=True, p_value=1.0, change=0.0)
    order = np.arange(blocks.size)
    p_value = float(stats.kendalltau(order, blocks).pvalue)
    change = float(stats.theilslopes(blocks, order)[0]) * blocks.size / median
    drifts = p_value < DRIFT_P_VALUE and abs(change) > DRIFT_CHANGE
    return Steady(steady=not drifts, p_value=p_value, change=change)
