"""What Prometheus gets; computed when it asks, so that the sending loop counts nothing for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

    from .producers import Producers

PHASES: Final = (
    "starting",
    "canary",
    "warmup",
    "settling",
    "steadying",
    "measured",
    "flushing",
    "done",
)
_RECENT: Final = 4096


class ProducerCollector(Collector):
    """Reads the producers' state from another thread; a torn read costs a sample, not a record."""

    def __init__(self) -> None:
        self.phase = PHASES[0]
        self.producers: Producers | None = None
        self.measured_start_ns: int | None = None
        """Unix ns; the controller times faults from it."""

    def collect(self) -> Iterable[Metric]:
        """Phase, counts, and the schedule lag of the last few thousand records."""
        phase = GaugeMetricFamily(
            "crayfish_producer_phase", "1 for the current phase", labels=["phase"]
        )
        for name in PHASES:
            phase.add_metric([name], float(name == self.phase))
        yield phase
        if self.measured_start_ns is not None:
            yield GaugeMetricFamily(
                "crayfish_producer_measured_start_seconds",
                "When the measured segment began, Unix seconds",
                value=self.measured_start_ns / 1e9,
            )
        producers = self.producers
        if producers is None:
            return
        yield CounterMetricFamily("crayfish_producer_sent", "Records sent", value=producers.sent)
        yield CounterMetricFamily(
            "crayfish_producer_delivered", "Records acknowledged", value=producers.delivered
        )
        yield CounterMetricFamily(
            "crayfish_producer_delivery_errors", "Records refused", value=producers.undelivered
        )
        lag = GaugeMetricFamily(
            "crayfish_producer_schedule_lag_seconds", "Sent minus due", labels=["quantile"]
        )
        for quantile, value in zip(("0.5", "0.99", "1"), self._recent_lag(), strict=True):
            lag.add_metric([quantile], value)
        yield lag

    def _recent_lag(self) -> tuple[float, float, float]:
        chunk = self.producers.current if self.producers else None
        if chunk is None or not chunk.sent_ns:
            return 0.0, 0.0, 0.0
        end = len(chunk.sent_ns)
        first = max(0, end - _RECENT)
        sent = np.array(chunk.sent_ns[first:end], dtype=np.int64)
        lag = (sent - chunk.intended_ns[first:end]) / 1e9
        p50, p99, worst = np.percentile(lag, (50, 99, 100))
        return float(p50), float(p99), float(worst)
