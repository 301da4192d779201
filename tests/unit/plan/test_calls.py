"""How records reach the model: what flags and workloads may say, and who can do it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.catalog.experiment import WorkloadEntry
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Plan, Points, choices, make_plan, parse_servers, run_config
from crayfish_ctl.run.variables import variables

ROOT = Path(__file__).parents[3]
CATALOG = load_catalog(ROOT)


def planned(**chosen: Any) -> Plan:
    return make_plan(CATALOG, choices(experiment="input-rate", rates=(50.0,), **chosen))


def calls_of(plan: Plan) -> set[str]:
    return {run.cell.call.text for run in plan.runs}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("blocking", "blocking"),
        ("async:64", "async:64"),
        ("async:1:ordered", "async:1:ordered"),
    ],
)
def test_a_flag_chooses_the_call_mode(text: str, shown: str) -> None:
    made = planned(processors=("flink",), runtimes=("jvm",), tools=("torchserve",), calls=(text,))
    assert calls_of(made) == {shown}


@pytest.mark.parametrize("text", ["async", "async:0", "async:x", "batched:", "blocking:3", "", "a"])
def test_what_is_none_is_refused_in_words(text: str) -> None:
    with pytest.raises(CrayfishError, match=r"--call"):
        planned(tools=("torchserve",), calls=(text,))


@pytest.mark.parametrize(
    ("given", "count"),
    [("blocking", 1), (["blocking", "async:8"], 2), ([{"mode": "batched", "records": 4}], 1)],
)
def test_a_workload_may_have_several(given: Any, count: int) -> None:
    entry = WorkloadEntry.model_validate({"rate": 5, "call": given})
    assert len(entry.call) == count
    assert WorkloadEntry.model_validate(entry.model_dump()) == entry


def test_none_is_there_twice() -> None:
    with pytest.raises(ValueError, match="has a call mode twice"):
        WorkloadEntry.model_validate({"rate": 5, "call": ["async:8", "blocking", "async:8"]})


def test_several_are_a_cell_each() -> None:
    made = planned(
        processors=("ray",), tools=("torchserve",), calls=("blocking", "async:8", "batched:4:1")
    )
    assert calls_of(made) == {"blocking", "async:8", "batched:4:1"}
    assert {run.cell.system for run in made.runs} == {
        "ray python torchserve",
        "ray python torchserve async:8",
        "ray python torchserve batched:4:1",
    }


def test_what_one_of_several_processors_has_not_is_left_out() -> None:
    made = planned(processors=("ray", "kafka-streams"), tools=("torchserve",), calls=("batched:4",))
    assert {run.cell.processor for run in made.runs} == {"ray"}
    assert any("kafka-streams has no call mode batched" in line for line in made.left_out)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"tools": ("onnx",), "calls": ("async:8",)}, "onnx computes in the processor itself"),
        (
            {"processors": ("kafka-streams",), "tools": ("torchserve",), "calls": ("batched:2",)},
            "kafka-streams has no call mode batched in runtime jvm: it has blocking, async",
        ),
        (
            {
                "processors": ("flink",),
                "runtimes": ("python",),
                "tools": ("torchserve",),
                "calls": ("async:8",),
                "processor_options": {"execution_mode": "thread"},
            },
            "call mode async needs process in flink, runtime python",
        ),
        ({"tools": ("onnx",), "servers": {"onnx": "a:1"}}, "onnx computes in the processor itself"),
        ({"tools": ("onnx",), "servers": {"torchserve": "a:1"}}, "no workload uses torchserve"),
        ({"servers": {"torchservr": "a:1"}}, "--server torchservr=a:1: .*did you mean torchserve"),
        ({"servers": {"torchserve": "localhost:1"}}, "localhost is each container itself"),
        ({"servers": {"torchserve": "a:0"}}, "must be HOST:PORT"),
        ({"servers": {"torchserve": "a"}}, "must be HOST:PORT"),
    ],
)
def test_what_cannot_be_is_refused(chosen: dict[str, Any], said: str) -> None:
    with pytest.raises(CrayfishError, match=said):
        planned(**chosen)


def test_records_are_not_put_together_where_there_are_none() -> None:
    bare = choices(
        experiment="kafka-overhead", processors=("ray",), pipeline="raw", calls=("batched:2",)
    )
    with pytest.raises(CrayfishError, match="pipeline raw has no call mode batched"):
        make_plan(CATALOG, bare)


def test_options_that_a_mode_needs_are_set() -> None:
    made = planned(
        processors=("flink",), runtimes=("python",), tools=("torchserve",), calls=("async:8",)
    )
    assert made.runs[0].cell.processor_options["execution_mode"] == "process"


def test_a_server_of_the_users_own_starts_nothing() -> None:
    made = planned(tools=("torchserve",), servers={"torchserve": "10.0.0.7:7070"})
    (run,) = {run.cell.system: run for run in made.runs}.values()
    assert run.cell.server == "10.0.0.7:7070"
    assert "torchserve" not in {*made.fragments(run.cell), *made.images}
    assert run_config(made, run, Points("random", 5)).tool.address == "10.0.0.7:7070"


def test_replicas_have_an_address_each(tmp_path: Path) -> None:
    made = planned(tools=("torchserve",), tool_options={"replicas": 3})
    run = made.runs[0]
    config = run_config(made, run, Points("random", 5))
    assert config.tool.address == "torchserve:7070,torchserve-2:7070,torchserve-3:7070"
    assert "torchserve" in made.fragments(run.cell)
    told = variables(made, run, experiment_dir=tmp_path, run_dir=tmp_path)
    assert told["TOOL_REPLICAS"] == "3"
    assert told["CRAYFISH_MODEL_PATH"] == "/models/ffnn/ffnn.pt"
    assert told["CRAYFISH_MODEL_FILE"] == str(ROOT / "models/ffnn/ffnn.pt")
    assert (told["CRAYFISH_MODEL_INPUT"], told["CRAYFISH_MODEL_OUTPUT"]) == ("28,28", "10")
    names = (told["CRAYFISH_MODEL_INPUT_NAME"], told["CRAYFISH_MODEL_OUTPUT_NAME"])
    assert names == ("", ""), "TorchScript has none"


def test_tensors_and_points_of_a_call_are_told(tmp_path: Path) -> None:
    made = planned(tools=("triton",), batch_size=4)
    run = made.runs[0]
    told = variables(made, run, experiment_dir=tmp_path, run_dir=tmp_path)
    names = (told["CRAYFISH_MODEL_INPUT_NAME"], told["CRAYFISH_MODEL_OUTPUT_NAME"])
    assert names == ("points", "predictions")
    model = run_config(made, run, Points("random", 5)).model
    assert (model.input_name, model.output_name, model.batch) == (*names, 4)
    made = planned(processors=("ray",), runtimes=("python",), calls=("batched:8",))
    assert run_config(made, made.runs[0], Points("random", 5)).model.batch is None


@pytest.mark.parametrize(
    ("ingress", "address"),
    [("proxy", "ray-serve:9000"), ("direct", "ray-serve:9000,ray-serve:9001")],
)
def test_replicas_in_one_container_have_a_port_each(ingress: str, address: str) -> None:
    made = planned(tools=("ray-serve",), tool_options={"replicas": 2, "ingress": ingress})
    assert run_config(made, made.runs[0], Points("random", 5)).tool.address == address


def test_over_http_a_server_has_another_port_and_is_another_system() -> None:
    options = {"transport": "http", "replicas": 2, "ingress": "direct"}
    made = planned(tools=("ray-serve",), tool_options=options, calls=("blocking", "async:8"))
    addresses = {run_config(made, run, Points("random", 5)).tool.address for run in made.runs}
    assert addresses == {"ray-serve:8000,ray-serve:8001"}
    assert {run.cell.system.partition("ray-serve")[2] for run in made.runs} == {
        " direct over http",
        " direct over http async:8",
    }
    http = planned(tools=("ray-serve",), tool_options={"transport": "http"})
    assert {run.cell.system.partition("ray-serve")[2] for run in http.runs} == {" over http"}
    (usual,) = {run.cell.system for run in planned(tools=("ray-serve",)).runs}
    assert usual.endswith("ray-serve")


def test_a_server_that_a_run_does_not_use_does_not_run() -> None:
    made = planned(tools=("torchserve", "onnx"))
    parts = {run.cell.tool: made.fragments(run.cell) for run in made.runs}
    assert "torchserve" in parts["torchserve"]
    assert "torchserve" not in parts["onnx"]


def test_a_server_without_its_model_is_a_bound() -> None:
    made = planned(tools=("torchserve",), tool_options={"serve": "noop"})
    (run,) = {run.cell.system: run for run in made.runs}.values()
    assert run.cell.scores_nothing
    assert run.cell.system == "flink python torchserve (no model)"
    assert run_config(made, run, Points("random", 5)).workload.points.reference_path is None


@pytest.mark.parametrize(
    ("asked", "kinds"), [("embedded", {"embedded"}), ("external", {"external"})]
)
def test_a_kind_stands_for_its_tools(asked: str, kinds: set[str]) -> None:
    made = planned(processors=("kafka-streams",), tools=(asked,))
    assert {CATALOG.tool(run.cell.tool).kind for run in made.runs} == kinds


@pytest.mark.parametrize("text", ["torchserve", "=a:1", "torchserve="])
def test_a_server_flag_of_another_form(text: str) -> None:
    with pytest.raises(CrayfishError, match="TOOL=HOST:PORT"):
        parse_servers([text])


def test_a_server_starts_once_for_a_processor() -> None:
    """Whatever the seed: the runs of one server follow each other."""
    for seed in range(5):
        made = make_plan(CATALOG, choices(experiment="servers", seed=seed))
        stacks = [
            (run.cell.processor, run.cell.tool if run.cell.calls_server else "")
            for run in made.runs
        ]
        changes = [key for key, _ in groupby(stacks)]
        assert len(changes) == len(set(changes))
