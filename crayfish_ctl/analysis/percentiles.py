"""Percentiles over all records.

Nearest rank: the smallest observed value that at least q of all values do not exceed (definition 1
of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996). It is always a latency that
some record really had, and it needs no assumption about what lies between two records.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from crayfish_ctl.results.model import Percentiles

Array = npt.NDArray[Any]
_QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)


def quantiles(values: Array, qs: tuple[float, ...]) -> list[float]:
    """Nearest-rank quantiles of at least one value."""
    return [float(value) for value in np.quantile(values, qs, method="inverted_cdf")]


def percentiles(values: Array) -> Percentiles | None:
    """Describe a distribution; None if there are no values. The unit is that of the values."""
    if values.size == 0:
        return None
    p50, p90, p95, p99, p99_9 = quantiles(values, _QUANTILES)
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
