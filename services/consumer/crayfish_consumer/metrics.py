"""What Prometheus gets; computed when it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from crayfish_contract.codec import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from prometheus_client.core import Metric

    from .summary import Summary
    from .tally import Tally

PHASES: Final = ("starting", "receiving", "draining", "done")
_RECENT: Final = 4096


class RecentLatency:
    """The latencies of the last few thousand results, in a ring."""

    def __init__(self) -> None:
        self._ring: npt.NDArray[np.int64] = np.zeros(_RECENT, dtype=np.int64)
        self._count = 0

    def add(self, latency_ns: npt.NDArray[np.int64]) -> None:
        """Note latencies in ns."""
        latency_ns = latency_ns[-_RECENT:]
        at = (self._count + np.arange(len(latency_ns))) % _RECENT
        self._ring[at] = latency_ns
        self._count += len(latency_ns)

    def percentiles(self) -> tuple[float, ...]:
        """p50, p99 and maximum in seconds; empty if nothing came yet."""
        filled = self._ring[: min(self._count, _RECENT)]
        return tuple(np.percentile(filled, (50, 99, 100)) / 1e9) if len(filled) else ()


class Observed(Protocol):
    """What is read of a run, from another thread."""

    phase: str
    tally: Tally
    summary: Summary
    recent: RecentLatency


class ConsumerCollector(Collector):
    """Reads the run's state when Prometheus asks."""

    def __init__(self, run: Observed) -> None:
        self._run = run

    def collect(self) -> Iterable[Metric]:
        """Phase, counts, and the latency of the last few thousand records."""
        run = self._run
        phase = GaugeMetricFamily(
            "crayfish_consumer_phase", "1 for the current phase", labels=["phase"]
        )
        for name in PHASES:
            phase.add_metric([name], float(name == run.phase))
        yield phase
        received = CounterMetricFamily(
            "crayfish_consumer_received", "Distinct results", labels=["segment"]
        )
        for segment in (Segment.WARMUP, Segment.MEASURED):
            received.add_metric([segment.name.lower()], run.tally.unique[segment])
        yield received
        for name, text, value in (
            ("failed", "Results that report a failure", run.tally.failed),
            ("duplicates", "Results of an id that was there already", run.tally.duplicates),
            ("undecodable", "Messages that are no results", run.summary.undecodable),
        ):
            yield CounterMetricFamily(f"crayfish_consumer_{name}", text, value=value)
        latency = GaugeMetricFamily(
            "crayfish_consumer_latency_seconds", "Consumed minus due", labels=["quantile"]
        )
        for quantile, seconds in zip(("0.5", "0.99", "1"), run.recent.percentiles(), strict=False):
            latency.add_metric([quantile], seconds)
        yield latency
