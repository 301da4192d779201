"""No model: answers zeros, after a service time if one is set.

The baseline of every experiment (what the pipeline costs without a model), and, with a service
time, the known delay with which the measurement itself is checked.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from .base import ScorerError, no_options_left

if TYPE_CHECKING:
    from .base import ModelSpec, Options, Values

_SPIN_NS = 200_000
"""The last part of a service time is spun: a sleep overshoots by the timer's slack."""


class NoopScorer:
    """Zeros for every point, after `service_time_ns` of wall time."""

    def __init__(self, model: ModelSpec, service_time_ns: int) -> None:
        self._shape, self._dtype = model.output_shape, np.dtype(model.output_dtype)
        self._service_time_ns = service_time_ns
        self._zeros: dict[int, Values] = {}

    def load(self) -> None:
        """Nothing to read."""

    def score(self, points: Values) -> Values:
        """Zeros: [batch, *output_shape] of the output's type."""
        if self._service_time_ns:
            _wait_until(time.perf_counter_ns() + self._service_time_ns)
        batch = len(points)
        if batch not in self._zeros:
            self._zeros[batch] = np.zeros((batch, *self._shape), dtype=self._dtype)
        return self._zeros[batch]

    def close(self) -> None:
        """Nothing to let go of."""


def _wait_until(end_ns: int) -> None:
    while (left := end_ns - time.perf_counter_ns()) > 0:
        if left > _SPIN_NS:
            time.sleep((left - _SPIN_NS) / 1e9)


def create(model: ModelSpec, options: Options, address: str | None) -> NoopScorer:  # noqa: ARG001
    """Option `service_time_ms`: how long scoring a record takes (default 0)."""
    rest = dict(options)
    milliseconds = rest.pop("service_time_ms", 0)
    no_options_left("noop", rest)
    if isinstance(milliseconds, (bool, str)) or milliseconds < 0:
        raise ScorerError(f"tool noop: option service_time_ms: {milliseconds!r} is not a duration")
    return NoopScorer(model, round(milliseconds * 1e6))
