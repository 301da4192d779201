"""Flags that choose systems: one or many, and what becomes of the experiment's workloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.catalog import load_catalog, supported
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import choices, make_plan

if TYPE_CHECKING:
    from crayfish_ctl.plan import Plan

CATALOG = load_catalog(Path(__file__).parents[3])


def planned(experiment: str = "input-rate", **flags: object) -> Plan:
    return make_plan(CATALOG, choices(experiment=experiment, **flags))


def systems(plan: Plan) -> list[str]:
    return list(dict.fromkeys(f"{' '.join(system)}" for system in plan.systems))


def test_what_another_processor_lacks_is_left_out_and_said() -> None:
    plan = planned("scalability", processors=("kafka-streams",))
    widths = {run.cell.parallelism.scorer for run in plan.runs}
    assert widths == {1, 2}
    assert all(run.cell.parallelism.chained for run in plan.runs)
    assert len(plan.left_out) == 4
    assert any("has no option execution_mode" in line for line in plan.left_out)
    assert any("in one task" in line for line in plan.left_out)


def test_a_pipeline_that_is_not_there_is_left_out() -> None:
    plan = planned("kafka-overhead", processors=("ray",))
    assert {run.cell.pipeline for run in plan.runs} == {"kafka", "raw"}
    assert all("no pipeline in-job" in line for line in plan.left_out)


def test_the_processor_that_it_was_written_for_leaves_nothing_out() -> None:
    for name in ("scalability", "kafka-overhead"):
        assert planned(name, processors=("flink",)).left_out == ()


def test_what_a_flag_asks_for_is_an_error_and_not_left_out() -> None:
    with pytest.raises(CrayfishError, match="no pipeline 'in-job'"):
        planned("kafka-overhead", processors=("ray",), pipeline="in-job")


@pytest.mark.parametrize("experiment", [n for n in CATALOG.experiments if n != "systems"])
@pytest.mark.parametrize("processor", CATALOG.processors)
def test_every_experiment_can_be_planned_for_every_processor(
    experiment: str, processor: str
) -> None:
    assert planned(experiment, processors=(processor,)).runs


def test_every_combination_of_the_lists_is_a_system_of_one_experiment() -> None:
    plan = planned(processors=("flink", "kafka-streams"), runtimes=("jvm",), tools=("dl4j", "onnx"))
    assert systems(plan) == [
        "flink jvm dl4j",
        "flink jvm noop",
        "flink jvm onnx",
        "kafka-streams jvm dl4j",
        "kafka-streams jvm noop",
        "kafka-streams jvm onnx",
    ]
    paced = [system for system, entry in zip(plan.systems, plan.sizing.workloads, strict=True)
             if entry.rate == 500 and not entry.tool]  # fmt: skip
    assert len(paced) == 4
    assert plan.left_out == ()


def test_a_bound_is_there_once_for_all_that_it_bounds() -> None:
    plan = planned(processors=("flink", "kafka-streams"), runtimes=("jvm",), tools=("dl4j", "onnx"))
    raw = [system[1:] for system, entry in zip(plan.systems, plan.sizing.workloads, strict=True)
           if entry.pipeline == "raw"]  # fmt: skip
    assert raw == [("jvm", "dl4j"), ("jvm", "onnx")]
    bounds = [system for system, entry in zip(plan.systems, plan.sizing.workloads, strict=True)
              if entry.tool == ("noop",) and entry.rate == 500]  # fmt: skip
    assert [system.processor for system in bounds] == ["flink", "kafka-streams"]


def test_a_combination_that_is_not_supported_is_left_out_with_its_reason() -> None:
    plan = planned(processors=("flink", "kafka-streams"), runtimes=("python", "jvm"))
    assert {"flink python onnx", "flink jvm onnx", "kafka-streams jvm onnx"} <= {*systems(plan)}
    (line,) = plan.left_out
    assert line.startswith("kafka-streams python onnx: ")
    assert "Java library" in line


def test_without_a_runtime_a_tool_runs_where_it_is() -> None:
    plan = planned(processors=("flink", "ray"), tools=("dl4j", "onnx"))
    named = [name for name in systems(plan) if "noop" not in name]
    assert named == ["flink jvm dl4j", "flink python onnx", "ray python onnx"]
    assert "flink jvm noop" in systems(plan), "the bound is in the runtime of what it bounds"
    assert any("ray python dl4j" in line for line in plan.left_out)


def test_all_is_everything_that_is_supported() -> None:
    plan = planned(
        processors=("all",), runtimes=("python", "jvm"), tools=("all",), rates=(500,), repetitions=1
    )
    expected = {
        f"{name} {runtime} {tool}"
        for name, processor in CATALOG.processors.items()
        for runtime, tools in processor.tools.items()
        for tool in tools
        if CATALOG.tool(tool).reachable  # not one whose server is the user's own
    }
    assert {*systems(plan)} == expected
    assert plan.choices.processors == tuple(CATALOG.processors)
    assert {*CATALOG.tools} - {*plan.choices.tools} == {"oip"}


def test_all_stands_alone() -> None:
    with pytest.raises(CrayfishError, match="--sp flink,all: `all` stands alone"):
        planned(processors=("flink", "all"))


def test_nothing_that_can_be_run_is_an_error() -> None:
    with pytest.raises(CrayfishError, match="no runtime 'python'"):
        planned(processors=("kafka-streams",), runtimes=("python",), tools=("onnx", "dl4j"))


def test_an_experiment_of_many_systems_is_narrowed_by_flags() -> None:
    plan = planned("systems", processors=("kafka-streams",), tools=("onnx",))
    assert {*systems(plan)} == {"kafka-streams jvm onnx", "kafka-streams jvm noop"}
    (line,) = plan.left_out
    assert line.endswith(" more that are for other systems than the flags ask for")
    plan = planned("systems", runtimes=("python",))
    assert {system.runtime for system in plan.systems} == {"python"}


def test_names_that_are_none_say_who_gives_them() -> None:
    with pytest.raises(CrayfishError, match="--tool: tool 'onx'"):
        planned(tools=("dl4j", "onx"))


def test_the_experiment_systems_has_every_cell_and_every_bare_scorer() -> None:
    plan = planned("systems")
    cells = {*supported(CATALOG, "embedded")}
    placed = list(zip(plan.systems, plan.sizing.workloads, strict=True))
    for rate in (500, "max"):
        assert cells == {
            s for s, entry in placed if entry.rate == rate and entry.pipeline == "kafka"
        }
    bare = [(s.runtime, s.tool) for s, entry in placed if entry.pipeline == "raw"]
    assert len(bare) == len({*bare})
    assert {*bare} == {(cell.runtime, cell.tool) for cell in cells if cell.tool != "noop"}
    assert plan.left_out == ()


def mine(tmp_path: Path, workload: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(f"""\
name: mine
question: which?
defaults: {{processor: flink, runtime: python, tool: onnx, model: ffnn}}
profiles:
  laptop:
    repetitions: 1
    warmup: {{seconds: 1}}
    stop: {{seconds: 1}}
    workloads: [{workload}]
""")
    return str(path)


def test_a_workload_lists_systems_and_gets_those_that_the_matrix_has(tmp_path: Path) -> None:
    plan = planned(mine(tmp_path, "{rate: 5, processor: all, runtime: all, tool: [onnx, dl4j]}"))
    expected = {cell for cell in supported(CATALOG) if cell.tool in {"onnx", "dl4j"}}
    assert {*plan.systems} == expected
    assert plan.left_out == ()


def test_flags_choose_among_what_a_workload_lists(tmp_path: Path) -> None:
    path = mine(tmp_path, "{rate: 5, processor: all, runtime: jvm, tool: [onnx, dl4j, noop]}")
    plan = planned(path, processors=("spark",), tools=("dl4j",))
    assert systems(plan) == ["spark jvm dl4j", "spark jvm noop"]


def test_flags_that_ask_for_nothing_of_a_file_are_an_error(tmp_path: Path) -> None:
    path = mine(tmp_path, "{rate: 5, processor: flink, runtime: jvm}")
    with pytest.raises(CrayfishError, match=r"mine\.yaml: no workload is for what") as caught:
        planned(path, processors=("ray",))
    assert "flink jvm onnx" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        ("{rate: 5, tool: [onnx, all]}", "`all` stands alone"),
        ("{rate: 5, tool: [onnx, onnx]}", "stands there twice"),
        ("{rate: 5, tool: 5}", "must be a name, a list of names, or `all`, not 5"),
        ("{rate: 5, runtime: [jvm, phyton]}", "must be python, jvm or all, not 'phyton'"),
        ("{rate: 5, tool: onx}", "tool: tool 'onx'"),
        ("{rate: 5, tool: dl4j}", "'dl4j' in runtime python"),
        ("{rate: 5, tool: [dl4j, nd4j]}", "'dl4j' in runtime python"),
    ],
)
def test_what_a_workload_cannot_list_is_named(tmp_path: Path, workload: str, words: str) -> None:
    with pytest.raises(CrayfishError, match=r"mine\.yaml") as caught:
        planned(mine(tmp_path, workload))
    assert words in caught.value.message
