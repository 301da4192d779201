"""The search for the highest rate that holds an objective: what to try next, given what was tried.

Bisection between the highest rate that held and the lowest that did not. A probe is one run, and
one run may be lucky: the rate that is found is run again, and each of these confirmations must
hold, or the search goes on below it. The state is computed anew from the runs so far, so that a
search that was interrupted goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.catalog.experiment import SearchEntry

    from .model import Purpose

_FIRST_SHARE = 0.5
"""Of the top: where the first probe goes; half the capacity is likely to hold."""


@dataclass(frozen=True)
class Try:
    """The next run of a search."""

    rate: float
    """records/s"""
    purpose: Purpose


@dataclass(frozen=True)
class Tried:
    """A run of a search that has ended."""

    rate: float
    """records/s"""
    purpose: str
    """A `Purpose`."""
    held: bool
    """See `analysis.search.holds`."""


@dataclass(frozen=True)
class Found:
    """The search is over."""

    rate: float | None
    """records/s; None if no rate held."""
    confirmations: int
    """Runs at this rate that held (0 if the number of runs was used up before)."""


def next_try(search: SearchEntry, top: float, runs: Sequence[Tried]) -> Try | Found:
    """What comes after `runs`.

    Args:
        search: the objective and its limits.
        top: the highest rate to try, records/s.
        runs: of this search, in their order.
    """
    low, high = 0.0, None
    confirmed = 0
    probes = 0
    for run in runs:
        probes += run.purpose == "probe"
        if not run.held:
            high = run.rate if high is None else min(high, run.rate)
            if run.rate <= low:  # a rate that had held does so no more: look below it
                low = max((r.rate for r in runs if r.held and r.rate < run.rate), default=0.0)
            confirmed = 0
        elif run.rate > low:
            low, confirmed = run.rate, int(run.purpose == "confirm")
        elif run.rate == low:
            confirmed += run.purpose == "confirm"
    if confirmed >= search.confirm:
        return Found(low, confirmed)
    ended = low >= top or (high is not None and high - low <= search.tolerance * high)
    if low > 0 and (ended or probes >= search.max_probes):
        return Try(low, "confirm")
    if probes >= search.max_probes:
        return Found(None, 0)
    if high is None:
        return Try(_rounded(top * _FIRST_SHARE if not low else min(top, 2 * low)), "probe")
    return Try(_rounded((low + high) / 2), "probe")


def _rounded(rate: float) -> float:
    """To three digits: a rate that can be said aloud, and is asked for again exactly."""
    return float(f"{rate:.3g}")
