"""How many times as much: two samples of runs compared by the ratio of their means.

On the logarithms of the runs' values a ratio becomes a difference, and Welch's t test ("The
generalization of 'Student's' problem when several different population variances are involved",
Biometrika 34, 1947) gives its interval without taking both sides for equally noisy. The means are
therefore geometric ones. Rates and latencies vary by percentages rather than by amounts, so their
logarithms are nearer to a normal distribution than they are themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """One sample relative to another; the last three are None if either has fewer than two runs."""

    value: float
    """Geometric mean of the one / geometric mean of the other."""
    low: float | None = None
    """Lower end of the 95 % interval."""
    high: float | None = None
    p_value: float | None = None
    """Probability of so large a difference if there were none (two-sided)."""


def ratio_of(ours: Sequence[float], base: Sequence[float]) -> Ratio | None:
    """`ours` relative to `base`; None if a side has no value or one that is not positive."""
    if not ours or not base or min(*ours, *base) <= 0:
        return None
    a, b = np.log(np.asarray(ours)), np.log(np.asarray(base))
    difference = float(a.mean() - b.mean())
    value = float(np.exp(difference))
    if a.size == 1 or b.size == 1:
        return Ratio(value)
    noise_a, noise_b = float(a.var(ddof=1)) / a.size, float(b.var(ddof=1)) / b.size
    noise = noise_a + noise_b
    if noise == 0:
        return Ratio(value, value, value, 1.0 if difference == 0 else 0.0)
    freedom = noise**2 / (noise_a**2 / (a.size - 1) + noise_b**2 / (b.size - 1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * noise**0.5
    return Ratio(
        value,
        low=float(np.exp(difference - half)),
        high=float(np.exp(difference + half)),
        p_value=2 * float(stats.t.sf(abs(difference) / noise**0.5, freedom)),
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
