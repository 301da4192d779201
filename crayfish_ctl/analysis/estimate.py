"""A value over the runs of a cell: its centre, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from crayfish_ctl.sample import interval_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Estimate(BaseModel):
    """A value over the valid runs of a cell. With fewer than three runs there is no interval.

    The interval says where the mean of many such experiments on this machine would lie; nothing of
    other machines, and nothing of where the next run lies, which varies more.
    """

    model_config = ConfigDict(frozen=True)

    n: int
    mean: float
    median: float
    low: float | None
    """Lower end of the 95 % confidence interval of the centre."""
    high: float | None
    cv: float | None
    """Coefficient of variation: standard deviation / mean."""
    values: tuple[float, ...] = ()
    """One of each run, in the order of the runs."""
    geometric_mean: float | None = None
    """What the interval is round; None if a value is not positive (then it is round the mean)."""
    repetitions: tuple[int, ...] = ()
    """Of the runs, where they are known."""
    first: int | None = None
    """How many runs the interval's width is of, if their spread decided how many there are."""

    @property
    def centre(self) -> float:
        """What is shown: what the interval is round."""
        return self.mean if self.geometric_mean is None else self.geometric_mean


def estimate(
    values: Iterable[float], repetitions: Iterable[int] = (), first: int | None = None
) -> Estimate | None:
    """The means of some runs' values with a 95 % t interval; None without values.

    Args:
        values: one of each run.
        repetitions: of the same runs.
        first: see `crayfish_ctl.sample.interval_of`.
    """
    data = [float(value) for value in values]
    if not data:
        return None
    mean, n = float(np.mean(data)), len(data)
    found = interval_of(data, first)
    return Estimate(
        n=n,
        mean=mean,
        median=float(np.median(data)),
        low=found.low,
        high=found.high,
        cv=float(np.std(data, ddof=1)) / mean if n > 1 and mean else None,
        values=tuple(data),
        geometric_mean=found.centre if min(data) > 0 else None,
        repetitions=tuple(repetitions),
        first=first if first is not None and n > first else None,
    )
