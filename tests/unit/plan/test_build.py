"""Experiment and choices in, runs out; everything unsupported is refused with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_contract.arrays import point_indices
from crayfish_ctl.catalog import Catalog, load_catalog
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import (
    Plan,
    choices,
    make_plan,
    parse_options,
    parse_parallelism,
    parse_rates,
    prepare_points,
    run_config,
    scheduled_records,
)
from crayfish_ctl.plan.runconfig import pool_size

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(ROOT)


def plan(catalog: Catalog, **changes: Any) -> Plan:
    return make_plan(catalog, choices(**{"experiment": "input-rate", **changes}))


def test_repetitions_are_outside_and_workloads_inside(catalog: Catalog) -> None:
    runs = plan(catalog, rates=(10.0, 20.0), repetitions=2).runs
    assert [r.repetition for r in runs] == [1, 1, 2, 2]
    assert [{r.cell.workload for r in half} for half in (runs[:2], runs[2:])] == [
        {"10/s", "20/s"},
        {"10/s", "20/s"},
    ]
    assert len({run.run_id for run in runs}) == 4


def test_only_the_first_run_warms_a_cold_stack_up(catalog: Catalog) -> None:
    first, second, *_ = plan(catalog).runs
    assert (first.warmup.rate, first.warmup.drain) == (8000.0, True)
    assert second.warmup.rate < 8000.0
    assert all(run.warmup.rate <= 2000.0 for run in plan(catalog).runs[1:])


def test_a_flood_warms_up_slowly_and_is_drained_first(catalog: Catalog) -> None:
    runs = plan(catalog, rates=(10.0, "max"), repetitions=1).runs
    (flood,) = (run for run in runs if run.cell.rate is None)
    assert flood.cell.goal == "saturate"
    assert flood.warmup.rate == 500.0
    assert flood.warmup.drain


def test_the_schedule_ends_by_time_or_count(catalog: Catalog) -> None:
    (run,) = plan(catalog, rates=(200.0,), repetitions=1, seconds=5.0, warmup_seconds=2.0).runs
    assert scheduled_records(run) == (400, 1000)
    (run,) = plan(catalog, rates=(200.0,), repetitions=1, seconds=5.0, count=7).runs
    assert scheduled_records(run)[1] == 7


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"processors": ("flnk",)}, ["configs/processors/flnk.yaml", "did you mean flink"]),
        ({"tools": ("tensorflow",)}, ["configs/tools/tensorflow.yaml"]),
        (
            {"processors": ("kafka-streams",), "runtimes": ("python",)},
            ["configs/processors/kafka-streams.yaml", "'python'", "is a Java library"],
        ),
        (
            {"tools": ("dl4j",), "runtimes": ("python",)},
            ["configs/processors/flink.yaml", "'dl4j' in runtime python"],
        ),
        ({"profile": "huge"}, ["configs/profiles/huge.yaml"]),
        ({"tool_options": {"treads": 1}}, ["--tool-option treads"]),
        ({"processor_options": {"bundle": 1}}, ["--processor-option bundle"]),
        (
            {
                "processors": ("kafka-streams",),
                "processor_options": {"threads_per_instance": 2},
                "parallelism": (3, 3, 3),
            },
            ["processor_options.threads_per_instance: 2", "3 scorers"],
        ),
        (
            {
                "processors": ("kafka-streams",),
                "processor_options": {"threads_per_instance": -1},
            },
            ["--processor-option threads_per_instance: must be a whole number from 0"],
        ),
    ],
)
def test_what_does_not_exist_is_named(
    catalog: Catalog, changes: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(CrayfishError) as caught:
        plan(catalog, **changes)
    assert caught.value.exit_code is ExitCode.USAGE
    for word in words:
        assert word in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"rates": (0.0,)}, "--rate"),
        ({"repetitions": 0}, "--reps"),
        ({"batch_size": -1}, "--batch"),
        ({"seconds": 0.0}, "--seconds"),
        ({"delivery": "maybe"}, "--delivery"),
        ({"record_format": "xml"}, "--format"),
    ],
)
def test_a_value_out_of_range_names_its_flag(changes: dict[str, Any], flag: str) -> None:
    with pytest.raises(CrayfishError) as caught:
        choices(**{"experiment": "input-rate", **changes})
    assert caught.value.message.startswith(flag)


def test_flags_of_several_values() -> None:
    assert parse_rates(["100,max", "2.5"]) == (100.0, "max", 2.5)
    assert parse_parallelism("2") == (2, 2, 2)
    assert parse_parallelism("1-2-1") == (1, 2, 1)
    assert parse_options("--x", ["a=1", "b=2.5", "c=true", "d=thread"]) == {
        "a": 1, "b": 2.5, "c": True, "d": "thread",
    }  # fmt: skip
    for call in (
        lambda: parse_rates(["fast"]),
        lambda: parse_parallelism("1-2"),
        lambda: parse_parallelism("0"),
        lambda: parse_options("--x", ["a"]),
    ):
        with pytest.raises(CrayfishError):
            call()


def test_a_run_config_has_paths_of_the_containers(catalog: Catalog, tmp_path: Path) -> None:
    made = plan(catalog, rates=(10.0,), repetitions=1)
    points = prepare_points("test", made.model, ROOT, tmp_path)
    config = run_config(made, made.runs[0], points)
    assert config.model.path == "/models/ffnn/ffnn.onnx"
    assert config.workload.points.path == "/models/ffnn/test-points.npz"
    assert config.workload.points.reference_path == "/models/ffnn/reference.npy"
    assert config.workload.points.pool == 360


def test_noop_has_nothing_to_compare_with(catalog: Catalog, tmp_path: Path) -> None:
    made = plan(catalog, rates=(10.0,), repetitions=1, tools=("noop",))
    points = prepare_points("test", made.model, ROOT, tmp_path)
    assert run_config(made, made.runs[0], points).workload.points.reference_path is None


@given(points=st.integers(1, 500), batch=st.integers(1, 64))
def test_a_whole_pool_carries_every_point_equally_often(points: int, batch: int) -> None:
    pool = pool_size(points, batch, values=4)
    counts = [0] * points
    for payload in range(pool):
        for index in point_indices(payload, batch, points):
            counts[index] += 1
    assert len(set(counts)) == 1


def test_a_processor_without_the_experiments_runtime_takes_its_own(catalog: Catalog) -> None:
    for run in plan(catalog, processors=("kafka-streams",)).runs:
        assert (run.cell.processor, run.cell.runtime) == ("kafka-streams", "jvm")


def test_operators_that_are_one_task_are_not_set_apart(catalog: Catalog) -> None:
    for changes in ({"parallelism": (1, 2, 1)}, {"chained": False}):
        with pytest.raises(CrayfishError, match="in one task") as caught:
            plan(catalog, processors=("kafka-streams",), **changes)
        assert caught.value.hint
