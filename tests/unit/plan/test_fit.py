"""An experiment that was written for one processor, run on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import choices, make_plan

CATALOG = load_catalog(Path(__file__).parents[3])


def test_what_another_processor_lacks_is_left_out_and_said() -> None:
    plan = make_plan(CATALOG, choices(experiment="scalability", processor="kafka-streams"))
    widths = {run.cell.parallelism.scorer for run in plan.runs}
    assert widths == {1, 2}
    assert all(run.cell.parallelism.chained for run in plan.runs)
    assert len(plan.left_out) == 4
    assert any("has no option execution_mode" in line for line in plan.left_out)
    assert any("in one task" in line for line in plan.left_out)


def test_a_pipeline_that_is_not_there_is_left_out() -> None:
    plan = make_plan(CATALOG, choices(experiment="kafka-overhead", processor="ray"))
    assert {run.cell.pipeline for run in plan.runs} == {"kafka", "raw"}
    assert all("no pipeline in-job" in line for line in plan.left_out)


def test_the_processor_that_it_was_written_for_leaves_nothing_out() -> None:
    for name in ("scalability", "kafka-overhead"):
        assert make_plan(CATALOG, choices(experiment=name, processor="flink")).left_out == ()


def test_what_a_flag_asks_for_is_an_error_and_not_left_out() -> None:
    with pytest.raises(CrayfishError, match="no pipeline 'in-job'"):
        make_plan(CATALOG, choices(experiment="kafka-overhead", processor="ray", pipeline="in-job"))


@pytest.mark.parametrize("experiment", [n for n in CATALOG.experiments if n != "systems"])
@pytest.mark.parametrize("processor", CATALOG.processors)
def test_every_experiment_can_be_planned_for_every_processor(
    experiment: str, processor: str
) -> None:
    assert make_plan(CATALOG, choices(experiment=experiment, processor=processor)).runs
