"""A handful of runs' values: their centre, its interval, and how many runs would narrow it.

Rates and latencies vary by percentages rather than by amounts, so their logarithms are nearer to a
normal distribution than they are themselves: intervals are computed there and turned back, which
makes them asymmetric and keeps them above 0. The centre is then the geometric mean.

How often a cell is repeated may depend on how much its first runs differ. An interval from all runs
would then be too narrow: it is the lucky samples that stop. Stein's two stages ("A two-sample test
for a linear hypothesis whose power is independent of the variance", Annals of Mathematical
Statistics 16, 1945) are exact instead: the spread of the first stage alone decides how many runs
there are, and it alone gives the interval round the mean of all of them. Of normal values the mean
does not depend on the spread, so that the coverage is what it says for every spread, target and
maximum.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = npt.NDArray[Any]

CONFIDENCE: Final = 0.95
MIN_RUNS: Final = 3
"""Two runs have an interval of 12.7 standard errors to each side: their values say more."""


class Interval(NamedTuple):
    """Where the centre of a sample lies, in the unit of its values."""

    centre: float
    """Geometric mean; the arithmetic one if a value is not positive."""
    low: float | None
    """Lower end of the 95 % interval of the centre; None with fewer than `MIN_RUNS` values."""
    high: float | None


def interval_of(values: Sequence[float], first: int | None = None) -> Interval:
    """The interval of at least one value.

    Args:
        values: one of each run, in the order of the runs.
        first: the first stage, if the number of runs followed from its spread.
    """
    if min(values) == max(values):  # which a logarithm there and back would not leave as it is
        ends = (None, None) if len(values) < MIN_RUNS else (values[0], values[0])
        return Interval(values[0], *ends)
    logarithmic = min(values) > 0
    data = np.log(values) if logarithmic else np.asarray(values, dtype=float)
    centre = float(data.mean())
    half = None if data.size < MIN_RUNS else _half(staged(data, first))
    ends = (None, None) if half is None else (centre - half, centre + half)
    if logarithmic:
        return Interval(math.exp(centre), *(None if end is None else math.exp(end) for end in ends))
    low = None if ends[0] is None else max(0.0, ends[0])
    return Interval(centre, low, ends[1])


def staged(data: Array, first: int | None) -> Array:
    """Values whose mean is that of all, and whose standard error is that of Stein's two stages.

    They are as many as the first stage had, so what is computed from them as from any sample has
    the right degrees of freedom, too.

    Args:
        data: one value of each run (or its logarithm), in the order of the runs.
        first: the first stage; None, or as many as there are, if nothing followed from it.
    """
    if first is None or data.size <= first:
        return data
    stage = data[:first]
    return np.asarray(data.mean() + (stage - stage.mean()) * (first / data.size) ** 0.5)


def runs_needed(values: Sequence[float], target: float) -> int:
    """How many runs in all make the upper half of the interval at most `target` of the centre.

    Args:
        values: of the first stage, at least `MIN_RUNS`, all positive.
        target: 0.1 is 10 %.
    """
    data = np.log(values)
    half = _half(data) * data.size**0.5  # of a single run
    return max(len(values), math.ceil(float(half / math.log1p(target)) ** 2))


def _half(data: Array) -> float:
    return _t_quantile(data.size - 1) * float(data.std(ddof=1)) / float(data.size**0.5)


@cache
def _t_quantile(freedom: int) -> float:
    from scipy import stats  # noqa: PLC0415  slow, and a plan that repeats a fixed number needs none

    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
