"""The counts of the actors as Prometheus reads them."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.registry import CollectorRegistry

from crayfish_ray.actors import Progress
from crayfish_ray.metrics import ActorsCollector


def scraped(collector: ActorsCollector) -> list[str]:
    registry = CollectorRegistry()
    registry.register(collector)
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_counts_of_one_scorer_are_added_up_over_the_sources() -> None:
    collector = ActorsCollector()
    collector.restarts = 2
    collector.progress = lambda: [
        Progress({"scorer-0": 5, "scorer-1": 6}, backlog=10),
        Progress({"scorer-1": 1}, backlog=0),
    ]
    assert scraped(collector) == [
        'crayfish_ray_scored_records_total{actor="scorer-0"} 5.0',
        'crayfish_ray_scored_records_total{actor="scorer-1"} 7.0',
        'crayfish_ray_backlog_records{source="0"} 10.0',
        'crayfish_ray_backlog_records{source="1"} 0.0',
        "crayfish_ray_restarts_total 2.0",
    ]


def test_there_is_an_answer_while_no_actor_runs() -> None:
    assert scraped(ActorsCollector()) == ["crayfish_ray_restarts_total 0.0"]
