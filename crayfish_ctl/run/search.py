"""The search for the highest rate that holds an objective: what to try next, given what was tried.

Bisection between the highest rate that held and the lowest that did not. A probe is one run, and
one run may be lucky: the rate that is found is run again, and each of these confirmations must
hold, or the search goes on below it. The state is computed anew from the runs so far, so that a
search that was interrupted goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crayfish_ctl.results import VerdictState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.catalog.experiment import SearchEntry
    from crayfish_ctl.plan.model import Purpose
    from crayfish_ctl.results import RunResult

_FIRST_SHARE = 0.5
"""Of the top: where the first probe goes; half the capacity is likely to hold."""


@dataclass(frozen=True)
class Try:
    """The next run of a search."""

    rate: float
    """records/s"""
    purpose: Purpose


@dataclass(frozen=True)
class Found:
    """The search is over."""

    rate: float | None
    """records/s; None if no rate held."""
    confirmations: int
    """Runs at this rate that held (0 if the number of runs was used up before)."""


def holds(run: RunResult, search: SearchEntry) -> bool:
    """Whether a run sustained its rate within the objective: VALID, and the percentile low enough.

    A rate that the producer could not keep is not known to hold, so it does not.
    """
    if run.verdict.state is not VerdictState.VALID or run.latency_ms is None:
        return False
    return bool(getattr(run.latency_ms, search.percentile) <= search.objective_ms)


def next_try(search: SearchEntry, top: float, runs: Sequence[RunResult]) -> Try | Found:
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
        rate = run.spec.cell.rate or 0.0
        held = holds(run, search)
        probes += run.spec.purpose == "probe"
        if not held:
            high = rate if high is None else min(high, rate)
            if rate <= low:  # a rate that had held does so no more: look below it
                low = max(
                    (
                        r.spec.cell.rate or 0.0
                        for r in runs
                        if holds(r, search) and (r.spec.cell.rate or 0.0) < rate
                    ),
                    default=0.0,
                )
            confirmed = 0
        elif rate > low:
            low, confirmed = rate, int(run.spec.purpose == "confirm")
        elif rate == low:
            confirmed += run.spec.purpose == "confirm"
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
