"""Flags are worked into an experiment as if they stood in its file: checked, and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Plan, choices, make_plan
from tests.unit.plan.test_services import planned as planned_file
from tests.unit.project import copy_project

CATALOG = load_catalog(Path(__file__).parents[3])


def planned(experiment: str = "input-rate", **changes: Any) -> Plan:
    return make_plan(CATALOG, choices(experiment=experiment, **changes))


def test_a_raw_pipeline_keeps_only_what_has_no_arrivals() -> None:
    plan = planned(pipeline="raw")
    assert {run.cell.arrivals.kind for run in plan.runs} == {"max"}
    assert {run.cell.pipeline for run in plan.runs} == {"raw"}
    assert any(
        line.startswith("500/s kafka: --pipeline raw: pipeline raw has no arrivals")
        for line in plan.left_out
    )


def test_a_flag_that_nothing_fits_is_an_error() -> None:
    with pytest.raises(CrayfishError, match=r"^500/s kafka: --pipeline raw: pipeline raw has no"):
        planned(pipeline="raw", rates=(500.0,))


def test_what_flags_make_equal_is_one_workload_and_said() -> None:
    plan = planned("batch-size", batch_size=4)
    kept = [(run.cell.workload, run.cell.system) for run in plan.runs if run.repetition == 1]
    assert len(kept) == len(set(kept))
    plan = planned(tools=("noop",))
    kept = [(run.cell.workload, run.cell.system) for run in plan.runs if run.repetition == 1]
    assert len(kept) == len(set(kept))
    assert any(
        "the same as" in line and "workloads.1 (500/s kafka)" in line for line in plan.left_out
    )


@pytest.mark.parametrize(
    "changes", [{"trace_speed": 2.0}, {"trace_column": "x"}, {"trace_sort": True}]
)
def test_a_flag_of_a_trace_without_a_trace(changes: dict[str, Any]) -> None:
    with pytest.raises(CrayfishError, match="only with --trace"):
        planned(**changes)


def test_a_rate_that_is_given_twice() -> None:
    with pytest.raises(CrayfishError, match=r"^--rate 500\.0: given twice"):
        planned(rates=(500.0, 2000.0, 500.0))


def test_workloads_that_differ_in_length_or_warm_up_only_are_different_cells(
    tmp_path: Path,
) -> None:
    content: list[dict[str, Any]] = [
        {"rate": 10},
        {"rate": 10, "stop": {"seconds": 9}},
        {"rate": 10, "warmup": {"seconds": 4}},
        {"rate": 20},
    ]
    plan = planned_file(tmp_path, content[0], workloads=content)
    by_place = sorted(plan.runs, key=lambda run: run.workload)  # their order is drawn
    assert [run.cell.workload for run in by_place] == [
        "10/s, 5 s after 1 s at 10/s",
        "10/s, 9 s after 1 s at 10/s",
        "10/s, 5 s after 4 s at 10/s",
        "20/s",
    ]
    assert len({run.cell.model_dump_json() for run in plan.runs}) == 4
    plan = planned_file(tmp_path, content[0], workloads=content[:2])
    assert {run.cell.workload for run in plan.runs} == {"10/s, 5 s", "10/s, 9 s"}


def test_every_option_of_a_run_is_in_its_cell_and_its_run_config(tmp_path: Path) -> None:
    from crayfish_ctl.plan import Points, run_config  # noqa: PLC0415

    plan = planned(rates=(10.0,), processor_options={"bundle_size": 7})
    config = run_config(plan, plan.runs[0], Points("random", 5))
    assert config.processor.options == {
        "workers": 1,
        "execution_mode": "thread", "bundle_size": 7, "bundle_time_ms": 1, "buffer_timeout_ms": 1,
        "progress_interval_ms": 5000, "sink_linger_ms": 0, "sink_batch_bytes": 262144,
        "poll_records": 500, "fetch_max_wait_ms": 500,
    }  # fmt: skip
    assert config.tool.options == {"threads": 1}
    assert plan.runs[0].cell.processor_options == config.processor.options


def test_an_edited_default_is_what_runs(tmp_path: Path) -> None:
    copy_project(tmp_path)
    path = tmp_path / "configs/processors/flink.yaml"
    path.write_text(path.read_text().replace("default: 1000", "default: 77"))
    plan = make_plan(load_catalog(tmp_path), choices(experiment="input-rate", rates=(10.0,)))
    assert plan.runs[0].cell.processor_options["bundle_size"] == 77


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        ({"processor": "spark", "processor_options": {"source_batch": "many"}}, "source_batch: "),
        (
            {"processor_options": {"bundle_size": "many"}},
            "processor_options.bundle_size: must be a number, not 'many'",
        ),
        ({"processor_options": {"bundle_size": -3}}, "must be a whole number from 0"),
        ({"tool_options": {"threads": 0}}, "tool_options.threads: must be a whole number from 1"),
        ({"tool_options": {"threads": 1.5}}, "tool_options.threads: must be a whole number"),
        ({"tool_options": {"threads": True}}, "tool_options.threads: must be a whole number"),
        ({"tool_options": {"treads": 1}}, "tool_options.treads: tool onnx has no such option"),
        ({"producer_options": {"linger": 1}}, "producer_options.linger: unknown field; did you"),
        ({"producer_options": {"acks": "2"}}, "producer_options.acks: must be 0 or 1 or all"),
        (
            {"processor": "spark", "processor_options": {"mode": "real-time"}},
            "spark: option mode: real-time is there in runtime jvm, not in python",
        ),
        (
            {
                "processor": "ray",
                "tool": "ray-serve",
                "tool_options": {"transport": "http", "channels": 2},
            },
            "tool ray-serve: option channels: 2: means nothing where transport is http",
        ),
        ({"processor": "kafka-streams", "parallelism": "1-2-1"}, "in one task"),
        ({"tool": "dl4j"}, "flink has no tool 'dl4j' in runtime python: DeepLearning4j is a Java"),
        (
            {"rate": 0.5, "arrivals": {"kind": "ramp", "start": 1e-4, "end": 1}},
            "must be from 0.0001 to",
        ),
        ({"arrivals": "poisson", "rate": 0.01}, "no record is due in that time"),
        (
            {"rate": 1e7, "stop": {"seconds": 101}},
            "1,010,000,000 measured records: a run has at most 1,000,000,000",
        ),
        ({"rate": "capacity"}, "rate: capacity: no workload measures"),
    ],
)
def test_every_refusal_names_the_users_file_and_workload(
    tmp_path: Path, workload: dict[str, Any], said: str
) -> None:
    with pytest.raises(CrayfishError) as caught:
        planned_file(tmp_path, {"rate": 1, **workload})
    assert caught.value.message.startswith(f"{tmp_path}/mine.yaml: profiles.laptop.workloads.1 (")
    assert said in caught.value.message


def test_random_arrivals_are_drawn_for_every_repetition() -> None:
    """Of the seeds 1 to 199, some draw no record in five seconds at 0.2/s."""
    with pytest.raises(CrayfishError, match=r"in repetition \d+"):
        planned(rates=(0.2,), arrivals="poisson", seconds=5.0, repetitions=199)


def test_a_long_title_makes_no_name_that_a_folder_or_a_topic_cannot_have(tmp_path: Path) -> None:
    plan = planned_file(tmp_path, {"rate": 1, "title": "x" * 400})
    assert len(f"crayfish-{plan.runs[0].run_id}-out") < 200
