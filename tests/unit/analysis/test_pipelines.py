"""Runs without Kafka, and schedules that are not constant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from crayfish_contract.runconfig import (
    BurstyArrivals,
    PoissonArrivals,
    RampArrivals,
    StopRule,
)
from crayfish_ctl.analysis import collect_run
from crayfish_ctl.cells import Fault
from crayfish_ctl.results import VerdictState
from crayfish_ctl.results.happened import FaultFact
from tests.unit.results.synthetic import REFERENCE, Scenario, write_run

if TYPE_CHECKING:
    from pathlib import Path

IN_JOB = Scenario(
    seconds=4.0,
    network_ms=0.0,
    pipeline="in-job",
    cores={"flink-jobmanager": 0.05, "flink-taskmanager": 0.6, "kafka": 0.01, "prometheus": 0.02},
)
RAW = Scenario(
    rate=None,
    warmup_seconds=0.0,
    seconds=4.0,
    send_rate=1000.0,
    service_ms=1.0,
    network_ms=0.0,
    goal="saturate",
    pipeline="raw",
    cores={"raw-scorer": 1.0, "flink-taskmanager": 0.02, "prometheus": 0.02},
)
PAUSE = Fault(at_seconds=1.0, service="kafka", action="pause", seconds=1.0)


def run(tmp_path: Path, scenario: Scenario, **changes: Any) -> Any:
    scenario = replace(scenario, **changes)
    return collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE)


@pytest.mark.parametrize(
    ("arrivals", "offered"),
    [
        (PoissonArrivals(rate=400, seed=3), 400),
        (BurstyArrivals(base_rate=100, burst_rate=600, base_seconds=2, burst_seconds=1), 266.7),
        (RampArrivals(start_rate=100, end_rate=500, seconds=6), 300),
    ],
)
def test_what_a_schedule_offers_is_its_records_over_its_length(
    tmp_path: Path, arrivals: Any, offered: float
) -> None:
    found = run(tmp_path, Scenario(), arrivals=arrivals, seconds=6.0, goal="overload")

    assert found.window.schedule_seconds == 6.0
    assert found.throughput.offered_records_per_s == pytest.approx(found.counts.sent / 6.0)
    assert found.throughput.offered_records_per_s == pytest.approx(offered, rel=0.05)
    assert found.verdict.state is VerdictState.VALID


def test_a_schedule_that_a_count_ends_lasts_one_gap_beyond_its_last_record(tmp_path: Path) -> None:
    stop = StopRule(seconds=60.0, count=800)
    found = run(tmp_path, Scenario(rate=400.0, seconds=2.0, stop=stop))

    assert found.counts.sent == 800
    assert found.window.schedule_seconds == pytest.approx(2.0)
    assert found.throughput.offered_records_per_s == 400.0


def test_few_random_arrivals_are_not_taken_for_a_late_producer(tmp_path: Path) -> None:
    for seed in range(20):
        arrivals = PoissonArrivals(rate=15.0, seed=seed)
        found = run(tmp_path / str(seed), Scenario(), arrivals=arrivals, seconds=4.0)
        assert found.verdict.state is VerdictState.VALID


def test_a_burst_may_outrun_the_processor_if_all_comes_back(tmp_path: Path) -> None:
    bursts = BurstyArrivals(base_rate=100, burst_rate=800, base_seconds=2, burst_seconds=2)
    changes: dict[str, Any] = {"arrivals": bursts, "seconds": 4.0, "service_ms": 2.5}

    assert run(tmp_path / "a", Scenario(), goal="overload", **changes).verdict.state == "VALID"
    grown = run(tmp_path / "b", Scenario(), goal="sustain", **changes)
    assert [reason.code for reason in grown.verdict.reasons] == ["BACKLOG_GROWING"]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("PRODUCER_LATE", {"hold": (1.0, 1.0)}),
        ("UNFINISHED", {"lose": 1, "ended": "deadline"}),
        ("LOST", {"lose": 1}),
        ("THROTTLED", {"throttled": {"producer": 0.5}}),
    ],
)
def test_an_overload_has_reasons_too(tmp_path: Path, code: str, changes: dict[str, Any]) -> None:
    found = run(tmp_path, Scenario(goal="overload", seconds=4.0), **changes)

    assert [reason.code for reason in found.verdict.reasons] == [code]


def test_what_a_fault_does_is_a_note(tmp_path: Path) -> None:
    kill = Fault(at_seconds=2.0, service="flink-taskmanager", action="kill", seconds=1.0)
    found = run(
        tmp_path,
        Scenario(goal="overload", seconds=4.0),
        faults=(PAUSE, kill),
        hold=(1.0, 1.0),
    )

    assert found.verdict.state is VerdictState.VALID
    assert [note.code for note in found.verdict.notes] == ["PRODUCER_LATE", "RESTARTED"]
    assert "the fault held it back" in found.verdict.notes[0].message
    assert "flink-taskmanager (1x)" in found.verdict.notes[1].message
    assert found.latency_ms.max == pytest.approx(1000, abs=20)


def test_a_fault_that_did_not_happen_is_a_reason(tmp_path: Path) -> None:
    scenario = Scenario(goal="overload", seconds=4.0, faults=(PAUSE, PAUSE))
    done = FaultFact(service="kafka", action="pause", started_ns=1, ended_ns=2)
    (reason,) = run(tmp_path, scenario, faults_done=(done,)).verdict.reasons

    assert reason.code == "FAULT_NOT_DONE"
    assert "pause kafka" in reason.message


def test_a_job_with_its_own_source_needs_no_producer(tmp_path: Path) -> None:
    found = run(tmp_path, IN_JOB, subtasks=2)

    assert found.verdict.state is VerdictState.VALID
    assert not found.verdict.notes
    assert found.counts.sent == found.counts.ok == 2000
    assert found.latency_ms.p50 == pytest.approx(0.82, abs=0.001)
    assert found.broker_latency_ms is found.published_latency_ms is None
    # Flink's two containers, for 500 records/s
    assert found.efficiency.records_per_cpu_second == pytest.approx(500 / 0.65, rel=0.01)
    assert list((tmp_path / "run-1" / "out").glob("*.bin")) == []
    records = pl.read_parquet(tmp_path / "run-1" / "records.parquet")
    assert records["id"].is_sorted()
    assert records.height == 2500


def test_a_job_that_is_too_slow_holds_its_own_source_back(tmp_path: Path) -> None:
    # The source is held back: each record is sent when the one before is done.
    scenario = replace(IN_JOB, service_ms=2.5, hold=(0.0, 4.9))
    found = run(tmp_path, scenario)

    assert [reason.code for reason in found.verdict.reasons] == ["BACKLOG_GROWING"]
    assert [note.code for note in found.verdict.notes] == ["PRODUCER_LATE", "UNSTEADY"]
    assert "the job held it back" in found.verdict.notes[0].message
    assert found.backlog.max > 1900


def test_a_loop_over_the_scorer_is_always_saturated(tmp_path: Path) -> None:
    found = run(tmp_path, RAW)

    assert found.verdict.state is VerdictState.VALID
    assert not found.verdict.notes
    assert found.throughput.capacity.records_per_s == pytest.approx(1000, rel=0.01)
    assert not found.throughput.capacity.lower_bound
    # the loop's container alone; the processor's own stand idle
    assert found.efficiency.records_per_cpu_second == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize("pipeline", ["in-job", "raw"])
def test_without_counters_of_the_processor_nothing_is_known(tmp_path: Path, pipeline: str) -> None:
    scenario = IN_JOB if pipeline == "in-job" else RAW
    (reason,) = run(tmp_path, scenario, metrics=False).verdict.reasons

    assert reason.code == "NO_METRICS"
    assert "counters of processor cover" in reason.message
