"""Models of other types: planned with the sizes they have, refused where a tool cannot."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import read_model_file, store
from crayfish_ctl.plan import Plan, choices, make_plan, prepare_points, run_config
from crayfish_ctl.plan.size import record_bytes
from crayfish_ctl.run.reference import with_reference
from crayfish_ctl.run.variables import model_variables
from crayfish_ctl.targets import MemoryTarget

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "tests/contract/vectors"


def planned(
    root: Path, file: str, dtypes: tuple[str, str], tool: str = "onnx", **formats: Any
) -> Plan:
    config = {
        "name": "typed",
        "description": "Of these types.",
        "input": {"shape": [2], "dtype": dtypes[0]},
        "output": {"shape": [2], "dtype": dtypes[1]},
        "tolerance": 0.5,
        "formats": {
            "onnx": {"path": f"models/typed/{file}", "input": "points", "output": "answer"}
            | formats
        },
    }
    store(read_model_file(VECTORS / file), config, root)
    catalog = load_catalog(ROOT, [root])
    asked = choices(experiment="input-rate", model="typed", tools=(tool,), rates=(10.0,))
    return make_plan(catalog, asked)


def test_whole_numbers_must_be_equal_and_have_their_size(tmp_path: Path) -> None:
    plan = planned(tmp_path, "takes-uint8.onnx", ("uint8", "uint8"))
    assert record_bytes(plan.runs[0].cell, plan.model) == 64 + 2
    folder = tmp_path / "points"
    points = prepare_points(plan.choices.points, plan.model, plan.models_dir.parent, folder)
    said: list[str] = []
    points = with_reference(plan, points, folder, MemoryTarget(), said.append)
    assert "must be equal" in said[0]
    config = run_config(plan, plan.runs[0], points)
    assert (config.model.input_dtype, config.model.output_dtype) == ("uint8", "uint8")
    assert config.model.constants is None
    assert config.workload.points.tolerance < 1


def test_constants_are_in_the_run_config_and_in_a_servers_settings(tmp_path: Path) -> None:
    constants = {"offset": [[1, 2]], "scale": 0.5}
    plan = planned(
        tmp_path, "adds-constant.onnx", ("int32", "float32"), "triton", constants=constants
    )
    points = prepare_points("random:10", plan.model, tmp_path, tmp_path / "points")
    found = run_config(plan, plan.runs[0], points).model.constants
    assert found is not None
    assert (found["offset"].dtype, found["offset"].shape) == ("int32", (1, 2))
    assert (found["scale"].data, math.prod(found["scale"].shape)) == ((0.5,), 1)
    variables = model_variables(plan, plan.runs[0])
    assert variables["CRAYFISH_MODEL_INPUT_DTYPE"] == "int32"
    assert json.loads(variables["CRAYFISH_MODEL_CONSTANTS"])["scale"]["data"] == [0.5]


@pytest.mark.parametrize(
    ("file", "dtypes", "formats", "said"),
    [
        ("takes-uint8.onnx", ("int32", "uint8"), {}, "holds uint8, and input.dtype is int32"),
        ("takes-uint8.onnx", ("uint8", "float32"), {}, "holds uint8, and output.dtype is float32"),
        ("adds-constant.onnx", ("int32", "float32"), {}, "has 3 inputs"),
        (
            "adds-constant.onnx",
            ("int32", "float32"),
            {"constants": {"offset": [1, 2], "scale": 1}},
            r"constants\.offset: has shape \[2\]",
        ),
    ],
)
def test_what_does_not_fit_the_file_is_refused(
    tmp_path: Path, file: str, dtypes: tuple[str, str], formats: dict[str, Any], said: str
) -> None:
    with pytest.raises(CrayfishError, match=said):
        planned(tmp_path, file, dtypes, **formats)


@pytest.mark.parametrize(
    ("tool", "dtype", "options"),
    [("dl4j", "int64", {}), ("torchserve", "uint8", {"handler": "json"})],
)
def test_a_tool_that_cannot_is_not_among_those_that_can(
    tool: str, dtype: str, options: dict[str, str]
) -> None:
    found = load_catalog(ROOT).tools[tool]
    assert found.scores(options) == ["float32"]
    assert dtype not in found.scores(options)
    assert dtype in load_catalog(ROOT).tools["torchserve"].scores({"handler": "binary"})


def test_the_plan_refuses_it_by_name(tmp_path: Path) -> None:
    (tmp_path / "configs/tools").mkdir(parents=True)
    text = (ROOT / "configs/tools/onnx.yaml").read_text().replace("name: onnx", "name: old")
    lines = [line for line in text.splitlines() if not line.startswith(("dtypes:", "constants:"))]
    (tmp_path / "configs/tools/old.yaml").write_text("\n".join(lines) + "\n")
    with pytest.raises(CrayfishError, match=r"old scores float32, and .*: input\.dtype is uint8"):
        planned(tmp_path, "takes-uint8.onnx", ("uint8", "uint8"), "old")
