"""Percentiles over all records.

Nearest rank: the smallest observed value that at least q of all values do not exceed (definition 1
of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996). It is always a latency that
some record really had, and it needs no assumption about what lies between two records.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from crayfish_ctl.results.numbers import Percentiles
from crayfish_ctl.sample import CONFIDENCE

Array = npt.NDArray[Any]
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
"""By their fields in `Percentiles`."""
_TAIL: Final = (1 - CONFIDENCE) / 2


def quantiles(values: Array, qs: tuple[float, ...]) -> list[float]:
    """Nearest-rank quantiles of at least one value."""
    return [float(value) for value in np.quantile(values, qs, method="inverted_cdf")]


def percentiles(values: Array) -> Percentiles | None:
    """Describe a distribution; None if there are no values. The unit is that of the values."""
    if values.size == 0:
        return None
    p50, p90, p95, p99, p99_9 = quantiles(values, tuple(QUANTILES.values()))
    return Percentiles(
        count=values.size,
        mean=float(values.mean()),
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p99_9=p99_9,
        max=float(values.max()),
    )


@cache
def records_needed(quantile: float) -> int:
    """The fewest records that say where a quantile lies, and not only where it does not.

    6 for p50, 72 for p95, 368 for p99, 3,688 for p99.9. The two-sided 95 % interval of a quantile
    goes from one order statistic to another (David and Nagaraja, "Order Statistics", 3rd edition,
    2003, section 7.1): the number of values below it is binomial. There is such an interval if the
    smallest and the largest of the records are far enough out, each with 2.5 %.
    """
    enough = 1
    while not _has_interval(enough, quantile):
        enough *= 2
    low = enough // 2
    while enough - low > 1:
        middle = (low + enough) // 2
        low, enough = (low, middle) if _has_interval(middle, quantile) else (middle, enough)
    return enough


def _has_interval(records: int, quantile: float) -> bool:
    below = stats.binom(records, quantile)
    return bool(max(below.pmf(0), below.pmf(records)) <= _TAIL)
