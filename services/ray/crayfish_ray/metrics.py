"""What Prometheus gets; the actors are asked when it asks, so that they count nothing for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

    from .cluster import Actors


class ActorsCollector(Collector):
    """Counts of the actors that run now; they begin at zero when actors are made anew."""

    def __init__(self) -> None:
        self.actors: Actors | None = None
        self.restarts = 0

    def collect(self) -> Iterable[Metric]:
        """Scored records per scorer, backlog per reader, restarts."""
        scored = CounterMetricFamily(
            "crayfish_ray_scored_records", "Records scored, by actor", labels=["actor"]
        )
        backlog = GaugeMetricFamily(
            "crayfish_ray_backlog_records", "Records not yet read, by source", labels=["source"]
        )
        counts: dict[str, int] = {}
        for number, progress in enumerate(self.actors.progress() if self.actors else []):
            for actor, count in progress.scored.items():
                counts[actor] = counts.get(actor, 0) + count
            backlog.add_metric([str(number)], progress.backlog)
        for actor, count in counts.items():
            scored.add_metric([actor], count)
        yield scored
        yield backlog
        yield CounterMetricFamily(
            "crayfish_ray_restarts", "How often the actors were made anew", value=self.restarts
        )
