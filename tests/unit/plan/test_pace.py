"""Models that are not the experiment's own: lengths and rates follow what is measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Choices, make_plan
from crayfish_ctl.plan.outcome import Outcome
from crayfish_ctl.plan.schedule import next_run, not_run

if TYPE_CHECKING:
    from crayfish_ctl.catalog import Catalog
    from crayfish_ctl.plan import Plan

ROOT = Path(__file__).parents[3]
POINT = "[3, 224, 224]"
"""602 KB."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The project's, with a model of ResNet50's size beside it."""
    root = tmp_path_factory.mktemp("outside")
    for kind in ("configs/models", "models/large"):
        (root / kind).mkdir(parents=True)
    (root / "models/large/large.pt").write_bytes(b"PK\x03\x04 not looked into")
    (root / "configs/models/large.yaml").write_text(
        f"name: large\ndescription: large\ninput: {{shape: {POINT}}}\noutput: {{shape: [1000]}}\n"
        "tolerance: 1e-4\nformats:\n  torchscript: {path: models/large/large.pt}\n"
    )
    return load_catalog(ROOT, (root,))


def plan_of(catalog: Catalog, **flags: object) -> Plan:
    chosen = {"experiment": "input-rate", "model": "large", "tools": ("torchserve",), **flags}
    return make_plan(catalog, Choices.model_validate(chosen))


def ended(plan: Plan, done: list[Outcome], capacity: float | None) -> Outcome:
    spec = next_run(plan, done)
    assert spec is not None
    return Outcome(spec, carried=capacity is not None, value=1.0, capacity=capacity)


def test_what_waits_for_the_bare_scorer_follows_it(catalog: Catalog) -> None:
    plan = plan_of(catalog, repetitions=1)
    done: list[Outcome] = []
    capacities = {"raw": 12.0, "torchserve": 11.0, "noop": 800.0}
    while (spec := next_run(plan, done)) is not None:
        kind = "raw" if spec.cell.pipeline == "raw" else spec.cell.tool
        done.append(Outcome(spec, carried=True, value=1.0, capacity=capacities[kind]))
    runs = {
        (run.spec.cell.pipeline, run.spec.cell.tool, run.spec.cell.arrivals.text) for run in done
    }
    assert ("kafka", "torchserve", "2.75/s") in runs, "a quarter of the pipeline's capacity"
    assert ("kafka", "torchserve", "8.25/s") in runs
    (flood,) = (
        run.spec
        for run in done
        if run.spec.cell.tool == "torchserve"
        and run.spec.cell.pipeline == "kafka"
        and run.spec.cell.aim.floods
    )
    assert flood.stop.count == 12 * 12, "12 s of the bare scorer's 12/s"
    assert flood.warmup.rate == 6, "half of that leaves no backlog"
    order = [run.spec.cell for run in done]
    assert order.index(next(c for c in order if c.pipeline == "raw")) < order.index(flood.cell)


def test_a_scorer_that_could_not_be_measured_leaves_its_workloads_out(catalog: Catalog) -> None:
    plan = plan_of(catalog, repetitions=1)
    done: list[Outcome] = []
    while (spec := next_run(plan, done)) is not None:
        raw = spec.cell.pipeline == "raw"
        done.append(Outcome(spec, carried=None if raw else True, capacity=None if raw else 800.0))
    assert any("length follows from the bare scorer of flink" in why for why in not_run(plan, done))


def test_a_backlog_of_large_records_fits_into_memory(catalog: Catalog) -> None:
    noop = [run for run in plan_of(catalog).runs if run.cell.tool == "noop" and run.cell.aim.floods]
    assert {run.stop.count for run in noop} == {1993}, "6 s of 200 MB/s"
    assert all(run.warmup.rate * 602_176 <= 60e6 for run in noop)


def test_the_experiments_own_model_is_measured_as_it_is_written(catalog: Catalog) -> None:
    plan = make_plan(catalog, Choices(experiment="input-rate"))
    assert {run.cell.arrivals.text for run in plan.runs} == {"500/s", "2000/s", "max"}


def test_what_flags_say_is_what_is_run(catalog: Catalog) -> None:
    plan = plan_of(catalog, rates=(3.0,), seconds=5.0)
    assert {run.cell.arrivals.text for run in plan.runs} == {"3/s"}
    assert {run.stop.seconds for run in plan.runs} == {5.0}


def test_a_backlog_without_a_count_and_without_a_bare_scorer_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CrayfishError, match="no workload measures that") as caught:
        plan_of(catalog, rates=("max",))
    assert "--count" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        ("flink", {"poll_records": 55}),
        ("kafka-streams", {"poll_records": 55}),
        ("ray", {"poll_records": 55}),
        ("spark", {"poll_records": 55, "arrow_records": 6, "max_offsets_per_trigger": 445}),
    ],
)
def test_what_is_held_in_memory_is_bounded_in_bytes(
    catalog: Catalog, processor: str, expected: dict[str, int]
) -> None:
    runs = plan_of(catalog, processors=(processor,)).runs
    for run in runs:
        assert {name: run.cell.processor_options[name] for name in expected} == expected
    small = make_plan(catalog, Choices(experiment="input-rate", processors=(processor,))).runs
    assert {run.cell.processor_options["poll_records"] for run in small} <= {500, 10_000}


def test_an_option_that_is_given_stays_as_it_is_given(catalog: Catalog) -> None:
    plan = plan_of(catalog, processor_options={"poll_records": 400})
    assert {run.cell.processor_options["poll_records"] for run in plan.runs} == {400}
