"""What a model server counts, from scraped counters."""

from __future__ import annotations

import json

import polars as pl
import pytest

from crayfish_ctl.analysis.server import server_facts
from crayfish_ctl.analysis.usage import Usage
from crayfish_ctl.catalog.model import ServerCounter
from crayfish_ctl.results.numbers import BatchSizes, ServerFacts

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
            "batch_sizes": None,
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


SIZES = {
    "requests": ServerCounter(metric="done", labels={"model": "ffnn"}),
    "batch_sizes": ServerCounter(metric="sizes_bucket", labels={"model": "ffnn"}),
}


def bucketed(up_to: dict[str, float], start_s: int = -5, end_s: int = 15) -> Usage:
    """Two replicas' histograms, which have counted before; how fast each bucket grows, by le."""
    rows = [
        {
            "ts": START + second,
            "name": "sizes_bucket",
            "component": component,
            "labels": json.dumps({"le": le, "model": model}),
            "value": 1000.0 + (second - start_s) * growth / 2 * (model == "ffnn"),
        }
        for le, growth in up_to.items()
        for component in ("triton", "triton-2")
        for model in ("ffnn", "noop")
        for second in range(start_s, end_s)
    ]
    return Usage(pl.concat([scraped(done=400.0).metrics, pl.DataFrame(rows)]))


def sizes_found(usage: Usage, counters: dict[str, ServerCounter] = SIZES) -> BatchSizes | None:
    found = server_facts(usage, counters, records())  # type: ignore[arg-type]
    assert found is not None
    return found.batch_sizes


def test_buckets_become_executions_of_each_size_within_the_window() -> None:
    usage = bucketed({"1.0": 10.0, "2.0": 10.0, "4.0": 90.0, "8": 100.0, "+Inf": 100.0})
    assert sizes_found(usage) == BatchSizes(bounds=(1, 2, 4, 8), counts=(100, 0, 800, 100))


def test_what_is_above_all_bounds_is_kept() -> None:
    found = sizes_found(bucketed({"1": 10.0, "+Inf": 30.0}))
    assert found == BatchSizes(bounds=(1, None), counts=(100, 200))
    assert found.executions == 300
    assert found.together


def test_bounds_between_two_sizes_are_the_lower_one() -> None:
    found = sizes_found(bucketed({"1": 1.0, "1.5": 1.0, "2.25": 3.0, "3.375": 4.0}))
    assert found == BatchSizes(bounds=(1, 2, 3), counts=(10, 20, 10))


def test_executions_that_are_not_counted_are_those_of_all_sizes() -> None:
    usage = bucketed({"1": 10.0, "8": 100.0})
    found = server_facts(usage, SIZES, records())  # type: ignore[arg-type]
    assert found is not None
    assert found.requests_per_execution == pytest.approx(4.0)
    of_points = {**SIZES, "batch_sizes": SIZES["batch_sizes"].model_copy(update={"of": "points"})}
    found = server_facts(usage, of_points, records())  # type: ignore[arg-type]
    assert found is not None
    assert found.requests_per_execution is None
    assert found.batch_sizes is not None
    assert found.batch_sizes.of == "points"


def test_sizes_that_nobody_counted_are_not_there() -> None:
    assert sizes_found(scraped(done=400.0)) is None
    assert sizes_found(bucketed({"1": 0.0, "8": 0.0})) is None
    assert sizes_found(bucketed({"1": 5.0, "8": 5.0}, start_s=4)) is None


def test_a_result_of_before_has_no_sizes() -> None:
    assert ServerFacts.model_validate({"requests_per_execution": 4.0}).batch_sizes is None
