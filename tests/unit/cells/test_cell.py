"""A planned cell is a recorded one, and says the same when it is read back."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from crayfish_contract import runconfig as contract
from crayfish_ctl import cells
from crayfish_ctl.cells import GOALS, PIPELINES, GoalName
from crayfish_ctl.plan import Cell, RunSpec
from tests.unit.results.synthetic import Scenario

ARRIVALS: list[Any] = [
    contract.ConstantArrivals(rate=500),
    contract.PoissonArrivals(rate=500, seed=3),
    contract.BurstyArrivals(base_rate=100, burst_rate=800, base_seconds=5, burst_seconds=2),
    contract.RampArrivals(start_rate=100, end_rate=500, seconds=10),
    contract.TraceArrivals(path="/t.npy", records=600, seconds=5.0),
    contract.MaxArrivals(),
]


@pytest.mark.parametrize("arrivals", ARRIVALS, ids=[arrivals.kind for arrivals in ARRIVALS])
def test_a_run_is_the_same_when_it_is_read_back(arrivals: Any) -> None:
    planned = Scenario(arrivals=arrivals).spec()
    assert isinstance(planned, RunSpec)
    read = cells.RunSpec.model_validate_json(planned.model_dump_json())
    assert read.model_dump_json() == planned.model_dump_json()
    assert type(read.cell.arrivals) is type(planned.cell.arrivals)
    assert read.same_as(planned)
    assert planned.same_as(read)
    assert not read.same_as(planned.model_copy(update={"seed": 99}))


def test_what_is_recorded_is_what_the_containers_are_told() -> None:
    for arrivals in ARRIVALS:
        recorded = Scenario(arrivals=arrivals).cell.arrivals
        assert isinstance(recorded, type(arrivals))
        assert recorded.model_dump() == arrivals.model_dump()


def test_the_plan_makes_nothing_that_it_does_not_know() -> None:
    content = Scenario().cell.model_dump()
    for change in ({"replicas": 2}, {"goal": "endure"}, {"arrivals": {"kind": "diurnal"}}):
        with pytest.raises(ValidationError):
            Cell.model_validate(content | change)
        cells.Cell.model_validate(content | change)


def test_every_pipeline_and_goal_has_its_facts() -> None:
    assert tuple(PIPELINES) == get_args(contract.Pipeline)
    assert tuple(GOALS) == get_args(GoalName)


@pytest.mark.parametrize(
    ("arrivals", "text", "mean", "first", "highest"),
    [
        (ARRIVALS[0], "500/s", 500, 500, 500),
        (ARRIVALS[1], "500/s poisson", 500, 500, 500),
        (ARRIVALS[2], "bursts 100-800/s", 300, 100, 800),
        (ARRIVALS[3], "ramp 100-500/s", 300, 100, 300),
        (ARRIVALS[4], "trace 120/s", 120, 120, 120),
        (ARRIVALS[5], "max", None, None, None),
    ],
)
def test_rates(
    arrivals: Any, text: str, mean: float | None, first: float | None, highest: float | None
) -> None:
    found = Scenario(arrivals=arrivals).cell.arrivals
    assert (found.text, found.mean, found.first, found.highest) == (text, mean, first, highest)


def test_how_many_are_due_and_for_how_long() -> None:
    clock, count = contract.StopRule(seconds=10), contract.StopRule(count=50)
    expected = {
        "constant": ((5000, 10), (50, 0.1)),
        "poisson": ((5000, 10), (50, 0.1)),
        "bursty": ((3000, 10), (50, 50 / 300)),
        "ramp": ((3000, 10), (50, 50 / 300)),
        "trace": ((600, 5), (50, 50 / 120)),
    }
    for arrivals in ARRIVALS[:-1]:
        found = Scenario(arrivals=arrivals).cell.arrivals
        for stop, (records, seconds) in zip((clock, count), expected[arrivals.kind], strict=True):
            assert found.due_within(stop) == records
            assert found.lasts(stop) == pytest.approx(seconds)
    flood = Scenario(arrivals=ARRIVALS[-1]).cell.arrivals
    assert (flood.due_within(count), flood.lasts(count)) == (50, None)


def test_another_way_to_kafka_is_another_system() -> None:
    clear = Scenario().cell
    encrypted = clear.model_copy(update={"kafka_protocol": "SSL"})
    assert encrypted.system == f"{clear.system} (Kafka over TLS)"
    assert not encrypted.same_system(clear)
    # Of the user's own the report's head says how it was reached.
    outside = encrypted.model_copy(update={"kafka": "k:1"})
    assert (outside.system, outside.encrypted) == (clear.system, False)
