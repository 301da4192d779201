"""Which workloads are warmed up until their latency falls no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crayfish_ctl.catalog import Experiment, load_catalog
from crayfish_ctl.plan import choices, make_plan, scheduled_records
from crayfish_ctl.plan.estimate import estimate_seconds
from crayfish_load.settled import BLOCKS

CATALOG = load_catalog(Path(__file__).parents[3])
DEFAULTS = {"processor": "flink", "runtime": "python", "tool": "onnx", "model": "ffnn"}


def first_run(workload: dict[str, Any], warmup: dict[str, Any] | None = None, **flags: Any) -> Any:
    profile = {
        "repetitions": 1,
        "warmup": warmup or {"seconds": 1},
        "stop": {"seconds": 4, "count": 1000},
        "workloads": [workload],
    }
    experiment = Experiment.model_validate(
        {"name": "t", "question": "?", "defaults": DEFAULTS, "profiles": {"laptop": profile}}
    )
    return make_plan(CATALOG, choices(experiment="t", **flags), experiment).runs[0]


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_a_steady_rate_is(arrivals: str) -> None:
    rule = first_run({"rate": 500}, arrivals=arrivals).warmup.settle
    assert (rule.rate, rule.block_seconds, rule.max_seconds) == (500, 1, 30)


@pytest.mark.parametrize(
    "workload",
    [
        {"rate": "max", "goal": "saturate"},
        {"rate": 500, "goal": "overload"},
        {"rate": 500, "arrivals": {"kind": "ramp", "start": 0.1, "end": 1}},
        {"rate": "max", "goal": "saturate", "pipeline": "raw"},
        {"rate": 500, "pipeline": "in-job"},
        {"rate": 20},  # too few in a second to see anything
    ],
)
def test_what_has_no_steady_state_to_wait_for_is_not(workload: dict[str, Any]) -> None:
    assert first_run(workload).warmup.settle is None


def test_it_can_be_limited_and_left_out() -> None:
    assert (
        first_run({"rate": 500}, {"seconds": 1, "settle_seconds": 9}).warmup.settle.max_seconds == 9
    )
    assert first_run({"rate": 500}, {"seconds": 1, "settle_seconds": 0}).warmup.settle is None
    assert first_run({"rate": 500}, warmup_seconds=3.0).warmup.settle is None, "--warmup is exact"


def test_the_estimate_holds_it_and_the_schedule_does_not() -> None:
    with_it = first_run({"rate": 500})
    without = first_run({"rate": 500}, {"seconds": 1, "settle_seconds": 0})
    assert estimate_seconds(with_it) - estimate_seconds(without) == BLOCKS + 2
    assert scheduled_records(with_it) == scheduled_records(without)
