"""What Prometheus gets; the actors are asked when it asks, so that they count nothing for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from .actors import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

Counted = Callable[[], list[Progress]]
"""Asks every actor that reads how far it has come."""


class ActorsCollector(Collector):
    """Counts of the actors that run now; they begin at zero when actors are made anew."""

    def __init__(self) -> None:
        self.progress: Counted | None = None
        self.restarts = 0

    def collect(self) -> Iterable[Metric]:
        """Scored records per scorer, backlog per source, restarts."""
        asked = self.progress
        scored: Counter[str] = Counter()
        backlog = GaugeMetricFamily(
            "crayfish_ray_backlog_records", "Records not yet read, by source", labels=["source"]
        )
        for number, progress in enumerate(asked() if asked else []):
            scored.update(progress.scored)
            backlog.add_metric([str(number)], progress.backlog)
        counted = CounterMetricFamily(
            "crayfish_ray_scored_records", "Records scored, by actor", labels=["actor"]
        )
        for actor, count in scored.items():
            counted.add_metric([actor], count)
        yield counted
        yield backlog
        yield CounterMetricFamily(
            "crayfish_ray_restarts", "How often the actors were made anew", value=self.restarts
        )
