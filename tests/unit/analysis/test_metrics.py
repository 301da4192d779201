"""Every metric has a place in the results, and what is said of it is said once."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest
from pydantic import BaseModel

from crayfish_ctl.analysis.metrics import METRICS, key_metrics
from crayfish_ctl.cells import GOALS
from crayfish_ctl.report.tables import COLUMNS, glossary
from crayfish_ctl.results import STAGES, RunResult


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_the_results_have_it(metric: object) -> None:
    """Its path leads through the published schema (or a property of a run) to a number."""
    path = metric.path.split(".")  # type: ignore[attr-defined]
    kind: object = RunResult
    for name in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            own = getattr(kind, name, None)
            if isinstance(own, property):
                kind = get_type_hints(own.fget)["return"]
            else:
                kind = kind.model_fields[name].annotation
        else:  # a dictionary of stages
            assert name in STAGES
            kind = get_args(kind)[1]
        kind = (
            next((each for each in get_args(kind) if each is not type(None)), kind)
            if (type(None) in get_args(kind))
            else kind
        )
    assert kind in {float, int}


def test_what_cells_are_run_for() -> None:
    costs = "records_per_cpu_second"
    paced = ("latency_p50_ms", "latency_p99_ms", "achieved_records_per_s")
    assert {goal: key_metrics(goal) for goal in GOALS} == {
        "sustain": (*paced, costs),
        "overload": (*paced, "burst_recovery_s", costs),
        "saturate": ("capacity_records_per_s", "capacity_drain_records_per_s", costs),
    }
    for goal in GOALS.values():
        assert goal.metric == key_metrics(goal.name)[0]


def test_a_goal_that_is_not_known_may_be_for_any_of_them() -> None:
    assert set(key_metrics("endure")) == {name for name, m in METRICS.items() if m.key}


def test_every_column_is_explained_and_every_term_is_there_once() -> None:
    assert [METRICS[name].term is not None for name, _ in COLUMNS] == [True] * len(COLUMNS)
    names = [term.name for term in glossary()]
    assert len(set(names)) == len(names) > 15
    places = [column.place for _, column in COLUMNS]
    assert places == sorted(set(places))
