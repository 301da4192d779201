"""What Spark reports after a batch, as metrics."""

from __future__ import annotations

import json

from prometheus_client import CollectorRegistry

from crayfish_spark.progress import Progress


def served(progress: Progress) -> dict[tuple[str, str], float]:
    """(name, stage) -> value, as a scrape sees it."""
    registry = CollectorRegistry()
    registry.register(progress)
    return {
        (sample.name, sample.labels.get("stage", "")): sample.value
        for metric in registry.collect()
        for sample in metric.samples
    }


def source(end: object, latest: object) -> dict[str, object]:
    return {"startOffset": None, "endOffset": end, "latestOffset": latest}


def test_before_the_first_batch_everything_is_zero() -> None:
    assert served(Progress()) == {
        ("crayfish_spark_rows_total", ""): 0,
        ("crayfish_spark_batches_total", ""): 0,
        ("crayfish_spark_backlog", ""): 0,
    }


def test_rows_are_the_end_offsets_of_all_partitions() -> None:
    """Not the sum of the batches that were looked at: one may have been missed."""
    progress = Progress()
    progress.update(
        {
            "batchId": 6,
            "durationMs": {"addBatch": 80, "triggerExecution": 120, "other": 1},
            "sources": [source({"in": {"0": 10, "1": 32}}, {"in": {"0": 15, "1": 32}})],
        }
    )
    assert served(progress) == {
        ("crayfish_spark_rows_total", ""): 42,
        ("crayfish_spark_batches_total", ""): 7,
        ("crayfish_spark_backlog", ""): 5,
        ("crayfish_spark_batch_seconds", "addBatch"): 0.08,
        ("crayfish_spark_batch_seconds", "triggerExecution"): 0.12,
    }


def test_offsets_may_be_text_or_not_there_yet() -> None:
    progress = Progress()
    end = json.dumps({"in": {"0": 10}})
    progress.update({"batchId": 0, "durationMs": {}, "sources": [source(end, None)]})
    metrics = served(progress)
    assert metrics["crayfish_spark_rows_total", ""] == 10
    assert metrics["crayfish_spark_backlog", ""] == 0
