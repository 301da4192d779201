"""What a model server counts, from scraped counters."""

from __future__ import annotations

import json

import polars as pl
import pytest

from crayfish_ctl.analysis.server import server_facts
from crayfish_ctl.analysis.usage import Usage
from crayfish_ctl.catalog.model import ServerCounter
from crayfish_ctl.results.numbers import ServerFacts

START = 1_000.0
COUNTERS = {
    "requests": ServerCounter(metric="done", labels={"model": "ffnn"}),
    "executions": ServerCounter(metric="runs"),
    "queue": ServerCounter(metric="queue_us", seconds=1e-6),
    "compute": ServerCounter(metric="compute_s"),
    "total": ServerCounter(metric="all_ms", seconds=1e-3),
}


def scraped(**per_second: float) -> Usage:
    """Counters of two replicas that grow evenly, and those of a model that nobody asked for."""
    rows = [
        {
            "ts": START + second,
            "name": name,
            "component": component,
            "labels": json.dumps({"model": model}),
            "value": second * growth / 2 if model == "ffnn" else 7.0,
        }
        for name, growth in per_second.items()
        for component in ("triton", "triton-2")
        for model in ("ffnn", "noop")
        for second in range(12)
    ]
    return Usage(pl.DataFrame(rows))


def records(seconds: float = 10.0) -> pl.DataFrame:
    start = int(START * 1e9)
    return pl.DataFrame(
        {"received_ns": [start, start + 5], "scored_ns": [start + 7, start + int(seconds * 1e9)]}
    )


def test_counts_become_rates_and_means() -> None:
    usage = scraped(done=400.0, runs=100.0, queue_us=200_000.0, compute_s=0.8, all_ms=1600.0)
    found = server_facts(usage, COUNTERS, records())  # type: ignore[arg-type]
    assert found is not None
    assert found.model_dump() == pytest.approx(
        {
            "requests_per_s": 400.0,
            "requests_per_execution": 4.0,
            "queue_ms": 0.5,
            "compute_ms": 2.0,
            "total_ms": 4.0,
        }
    )


def test_what_it_does_not_count_is_not_there() -> None:
    found = server_facts(scraped(done=400.0), COUNTERS, records())  # type: ignore[arg-type]
    assert found is not None
    assert found.requests_per_s == pytest.approx(400.0)
    assert found.model_copy(update={"requests_per_s": None}) == ServerFacts()


def test_without_scrapes_records_or_counters_there_is_nothing() -> None:
    usage = scraped(done=400.0)
    assert server_facts(usage, {}, records()) is None
    assert server_facts(usage, COUNTERS, records().clear()) is None  # type: ignore[arg-type]
    assert server_facts(scraped(other=1.0), COUNTERS, records()) is None  # type: ignore[arg-type]


def test_what_lags_has_means_and_no_rate() -> None:
    late = {name: one.model_copy(update={"lags": True}) for name, one in COUNTERS.items()}
    found = server_facts(scraped(done=400.0, compute_s=0.8), late, records())  # type: ignore[arg-type]
    assert found is not None
    assert (found.requests_per_s, found.queue_ms) == (None, None)
    assert found.compute_ms == pytest.approx(2.0)
