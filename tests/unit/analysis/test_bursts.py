"""A D/D/1 queue works off a burst in a time that can be computed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_contract.arrays import RECEIVED
from crayfish_contract.runconfig import BurstyArrivals
from crayfish_ctl.analysis import collect_run
from crayfish_ctl.analysis.bursts import recovery
from crayfish_ctl.analysis.metrics import value_of
from tests.unit.results.synthetic import MS, REFERENCE, START, S, Scenario, write_run

if TYPE_CHECKING:
    from pathlib import Path

BURSTS = BurstyArrivals(base_rate=100, burst_rate=800, base_seconds=5, burst_seconds=2)
# 2.5 ms for each record: 400/s, so a burst leaves 800 records, worked off at 300/s in 2.67 s.
SCENARIO = Scenario(
    rate=100.0, arrivals=BURSTS, seconds=19.0, service_ms=2.5, jitter_ms=0.01, goal="overload"
)


def run(tmp_path: Path, scenario: Scenario) -> Any:
    return collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE)


def test_a_burst_is_worked_off_in_the_time_that_the_queue_needs(tmp_path: Path) -> None:
    found = run(tmp_path, SCENARIO)

    first, second = found.bursts
    assert (first.start_ns, first.end_ns) == (START + 5 * S, START + 7 * S)
    assert (second.start_ns, second.end_ns) == (START + 12 * S, START + 14 * S)
    for burst in found.bursts:
        assert burst.peak_backlog == pytest.approx(800, abs=10)
        # the last record of the burst waits for all before it
        assert burst.peak_latency_ms == pytest.approx(800 * 2.5, rel=0.02)
        assert burst.band_ms == pytest.approx(4.05, abs=0.1)
        # the queue is empty 2.67 s after the burst: in the bin from 2.5 to 3 s most are in time
        assert burst.recovery_seconds == 2.5
        assert burst.recovered_ns == burst.end_ns + 2.5 * S
    assert value_of(found, "burst_recovery_s") == 2.5


def test_a_burst_that_the_next_one_meets_is_not_recovered_from(tmp_path: Path) -> None:
    bursts = BURSTS.model_copy(update={"base_seconds": 3.0})
    found = run(tmp_path, replace(SCENARIO, arrivals=bursts, seconds=8.0))

    assert [burst.recovered_ns for burst in found.bursts] == [None]
    assert value_of(found, "burst_recovery_s") is None


def test_a_burst_that_the_processor_carries_never_leaves_the_band(tmp_path: Path) -> None:
    found = run(tmp_path, replace(SCENARIO, service_ms=1.0, seconds=12.0))

    assert [burst.recovery_seconds for burst in found.bursts] == [0.0]


def test_a_schedule_may_end_within_a_burst(tmp_path: Path) -> None:
    (burst,) = run(tmp_path, replace(SCENARIO, seconds=6.0)).bursts

    assert burst.end_ns == START + 6 * S
    assert burst.recovered_ns is None


def test_records_that_never_came_back_are_no_recovery(tmp_path: Path) -> None:
    scenario = replace(SCENARIO, seconds=12.0)
    run_dir = write_run(tmp_path, scenario)
    path = run_dir / "out" / "consumer.records.bin"
    rows = np.fromfile(path, dtype=RECEIVED)
    rows[rows["intended_ns"] < START + 7 * S].tofile(path)

    found = collect_run(run_dir, scenario.spec(), REFERENCE)

    assert [burst.recovered_ns for burst in found.bursts] == [None]


def test_other_workloads_have_no_bursts(tmp_path: Path) -> None:
    assert run(tmp_path, Scenario(seconds=3.0)).bursts == ()


def test_a_lucky_bin_is_no_recovery_and_a_later_stall_does_not_undo_it() -> None:
    due = START + np.arange(100) * 100 * MS  # ten in each bin of a second, ten bins
    latency = np.full(100, 1.0)
    for second in (0, 2, 7):
        latency[second * 10 : second * 10 + 10] = 9.0

    found = recovery(due, latency, (START, START + 10 * S), S, 2.0)

    assert found == START + 3 * S
