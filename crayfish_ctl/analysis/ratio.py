"""How many times as much: two samples of runs compared by the ratio of their means.

On the logarithms of the runs' values a ratio becomes a difference, and Welch's t test ("The
generalization of 'Student's' problem when several different population variances are involved",
Biometrika 34, 1947) gives its interval without taking both sides for equally noisy. The means are
therefore geometric ones. Where one experiment made both sides, alternating, the runs of one round
have the machine's mood in common, and Student's test of the rounds' differences takes it out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from crayfish_ctl.sample import CONFIDENCE, MIN_RUNS, Array, staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .estimate import Estimate


@dataclass(frozen=True, slots=True)
class Ratio:
    """One sample relative to another; all but the value are None without repetitions."""

    value: float
    """Geometric mean of the one / geometric mean of the other."""
    low: float | None = None
    """Lower end of the 95 % interval."""
    high: float | None = None
    p_value: float | None = None
    """Probability of so large a difference if there were none (two-sided)."""
    error: float | None = None
    """Standard error of the logarithm of the value."""
    freedom: float | None = None
    """Degrees of freedom of that error; None if there is no variance at all."""


def ratio_of(ours: Sequence[float], base: Sequence[float]) -> Ratio | None:
    """`ours` relative to `base`; None if a side has no value or one that is not positive."""
    if not _positive(ours, base):
        return None
    return _unpaired(np.log(ours), np.log(base))


def ratio_between(ours: Estimate, base: Estimate) -> Ratio | None:
    """The same for two cells of one experiment: by rounds, if both have the same three or more.

    With fewer, what the pairs cost in degrees of freedom is more than they bring.
    """
    if not _positive(ours.values, base.values):
        return None
    a, b = np.log(ours.values), np.log(base.values)
    rounds = ours.repetitions
    if len(set(rounds)) == len(rounds) >= MIN_RUNS and rounds == base.repetitions:
        return _paired(staged(a - b, ours.first))
    return _unpaired(staged(a, ours.first), staged(b, base.first))


def ratio_across(ours: Estimate, base: Estimate) -> Ratio | None:
    """The same for two cells of different experiments, which have no round in common."""
    if not _positive(ours.values, base.values):
        return None
    logs = (staged(np.log(side.values), side.first) for side in (ours, base))
    return _unpaired(*logs)


def _positive(ours: Sequence[float], base: Sequence[float]) -> bool:
    return bool(ours) and bool(base) and min(*ours, *base) > 0


def _unpaired(a: Array, b: Array) -> Ratio:
    difference = float(a.mean() - b.mean())
    if a.size == 1 or b.size == 1:
        return Ratio(float(np.exp(difference)))
    if not np.ptp(a) and not np.ptp(b):
        return _exact(difference)
    with warnings.catch_warnings():
        # One side without any variance is fine here, and the reason of scipy's warning.
        warnings.simplefilter("ignore", RuntimeWarning)
        return _of(stats.ttest_ind(a, b, equal_var=False), difference)


def _paired(differences: Array) -> Ratio:
    difference = float(differences.mean())
    if not np.ptp(differences):
        return _exact(difference)
    return _of(stats.ttest_1samp(differences, 0.0), difference)


def _exact(difference: float) -> Ratio:
    """No run differs from another of its side."""
    value = float(np.exp(difference))
    return Ratio(value, value, value, 0.0 if difference else 1.0, error=0.0)


def _of(test: Any, difference: float) -> Ratio:
    low, high = (float(np.exp(end)) for end in test.confidence_interval(CONFIDENCE))
    half = (np.log(high) - np.log(low)) / 2
    return Ratio(
        float(np.exp(difference)),
        low=low,
        high=high,
        p_value=float(test.pvalue),
        error=float(half / stats.t.ppf((1 + CONFIDENCE) / 2, test.df)),
        freedom=float(test.df),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """P values adjusted for their number, so that all errors together stay below the level.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979: the smallest times m, the next times m - 1, and so on, never descending.
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable").tolist()):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted
