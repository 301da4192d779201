"""What Prometheus is told: read from the progress that Spark reports after each batch.

The topics of a run are fresh, so that the offsets of a finished batch count all records so far; a
batch that nobody looked at in time is in the next one's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

_STAGES = {
    "latestOffset": "asking the broker for the newest offsets",
    "queryPlanning": "planning the batch",
    "walCommit": "writing which offsets the batch has",
    "addBatch": "running its tasks",
    "commitOffsets": "writing that it is done",
    "triggerExecution": "all of it",
}
"""Parts of a batch, as Spark's progress calls them."""


class Progress(Collector):
    """The last progress as metrics; updated by the driver, read by the metrics server."""

    def __init__(self) -> None:
        self._batches = 0
        self._rows = 0
        self._backlog = 0
        self._durations: dict[str, float] = {}

    def update(self, progress: Mapping[str, Any]) -> None:
        """Take over the progress of a batch (`StreamingQuery.lastProgress`)."""
        rows = backlog = 0
        for source in progress["sources"]:
            end, latest = (_offsets(source[name]) for name in ("endOffset", "latestOffset"))
            rows += sum(end.values())
            backlog += sum(max(offset - end.get(at, 0), 0) for at, offset in latest.items())
        self._rows, self._backlog = rows, backlog
        self._batches = int(progress["batchId"]) + 1
        self._durations = dict(progress["durationMs"])

    def collect(self) -> Iterator[Metric]:
        """The metrics of /metrics."""
        yield CounterMetricFamily(
            "crayfish_spark_rows", "records of all batches that have ended", value=self._rows
        )
        yield CounterMetricFamily(
            "crayfish_spark_batches", "batches that have ended", value=self._batches
        )
        yield GaugeMetricFamily(
            "crayfish_spark_backlog",
            "records in the input topic that no batch has had, when the last one was made",
            value=self._backlog,
        )
        durations = GaugeMetricFamily(
            "crayfish_spark_batch_seconds", "how long the last batch took", labels=["stage"]
        )
        for stage in _STAGES:
            if stage in self._durations:
                durations.add_metric([stage], self._durations[stage] / 1000)
        yield durations


def _offsets(text: object) -> dict[tuple[str, str], int]:
    """`{"topic": {"0": 12}}`, as text, as an object, or nothing yet -> offset of each partition."""
    topics = json.loads(text) if isinstance(text, str) else text
    if not isinstance(topics, dict):
        return {}
    return {
        (topic, partition): int(offset)
        for topic, partitions in topics.items()
        for partition, offset in partitions.items()
    }
