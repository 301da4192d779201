"""Each embedded tool is asked alone, in both runtimes; what it answered is compared and timed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

from crayfish_contract.arrays import RECEIVED, RECEIVED_FILE
from crayfish_contract.codec import Status
from crayfish_ctl.catalog import System, load_catalog
from crayfish_ctl.commands.models_check import Checked, bare_rate, check_model, check_plan
from crayfish_ctl.commands.models_checked import show_checked
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets import MemoryTarget
from tests.unit.project import copy_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from crayfish_ctl.targets import Rendered

ROOT = Path(__file__).parents[3]
PYTHON = System("ray", "python", "onnx")


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def rows(deviations: Sequence[float], status: Status = Status.OK) -> npt.NDArray[np.void]:
    """A call each 10 ms."""
    made = np.zeros(len(deviations), dtype=RECEIVED)
    made["received_ns"] = 10_000_000 * np.arange(len(deviations))
    made["scored_ns"] = made["received_ns"] + 10_000_000
    made["deviation"] = deviations
    made["status"] = int(status)
    made["batch"] = 1
    return made


class Scorers(MemoryTarget):
    """Every scorer leaves these rows and ends."""

    def __init__(self, left: npt.NDArray[np.void], code: int = 0, log: bytes = b"") -> None:
        super().__init__()
        self.left, self.code, self.log_text = left, code, log
        self.configs: list[dict[str, dict[str, object]]] = []

    def up(self, rendered: Rendered, services: Sequence[str] = ()) -> None:
        self.now.clear()
        super().up(rendered, services)
        folder = rendered.path.parent
        self.configs.append(json.loads((folder / "run-config.json").read_text()))
        self.left.tofile(folder / "out" / RECEIVED_FILE)
        self.logs["id-raw-scorer"] = self.log_text
        self.ends("raw-scorer", self.code)


def checked(target: MemoryTarget, console: Console, root: Path = ROOT) -> list[Checked]:
    plan = check_plan(load_catalog(root), "ffnn", 2.0, "test")
    return check_model(plan, target, console)


def test_every_embedded_tool_is_asked_in_each_runtime_that_has_it() -> None:
    plan = check_plan(load_catalog(ROOT), "ffnn", 2.0, "test")
    found = {(run.cell.tool, run.cell.runtime): run.cell.processor for run in plan.runs}
    assert found == {
        ("dl4j", "jvm"): "kafka-streams",
        ("nd4j", "jvm"): "kafka-streams",
        ("onnx", "jvm"): "kafka-streams",
        ("onnx", "python"): "ray",
        ("tf-savedmodel", "jvm"): "kafka-streams",
        ("tf-savedmodel", "python"): "ray",
    }
    assert {run.cell.pipeline for run in plan.runs} == {"raw"}
    assert {run.stop.seconds for run in plan.runs} == {2.0}


def test_a_large_model_has_the_memory_that_loading_takes(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    path = root / "configs/models/ffnn.yaml"
    kept = [line for line in path.read_text().splitlines() if "sha256" not in line]
    path.write_text("\n".join(kept))
    usual = check_plan(load_catalog(root), "ffnn", 2.0, "test").profile.resources["worker"]
    with (root / "models/ffnn/ffnn.h5").open("ab") as file:
        file.truncate(500 << 20)
    large = check_plan(load_catalog(root), "ffnn", 2.0, "test").profile.resources["worker"]
    assert (usual.memory, usual.heap) == ("2560m", "768m")
    assert (large.memory, large.heap) == ("6560m", "2018m")


def test_what_no_embedded_tool_reads_is_refused(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    text = (root / "configs/models/ffnn.yaml").read_text()
    alone = text[: text.index("formats:")] + (
        "formats:\n  torchscript:\n    path: models/ffnn/ffnn.pt\n"
    )
    (root / "configs/models/ffnn.yaml").write_text(alone)
    with pytest.raises(CrayfishError, match="no embedded tool reads torchscript"):
        check_plan(load_catalog(root), "ffnn", 2.0, "test")


def test_only_the_scorer_is_started_and_what_it_leaves_is_read(console: Console) -> None:
    log = b'not ours\n{"msg": "done", "load_s": 1.5}\n'
    target = Scorers(rows([1e-7, 3e-6]), log=log)
    found = checked(target, console)
    assert {call for call in target.calls if call[0] == "up"} == {("up", "raw-scorer")}
    assert target.tasks() == []
    assert {each.well for each in found} == {True}
    assert found[0].points == 2
    assert found[0].deviation == pytest.approx(3e-6)
    assert found[0].load_s == 1.5
    assert found[0].rate == pytest.approx(100)
    assert target.configs[0]["workload"]["warmup"]["seconds"] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("left", "code", "log", "said"),
    [
        (rows([0.5]), 0, b"", None),
        (rows([np.nan]), 0, b"", None),
        (rows([]), 0, b"", "a call failed"),
        (rows([0], Status.FAILED), 0, b"", "a call failed"),
        (rows([]), 2, b'{"level": "error", "msg": "m.onnx: broken"}\n', "m.onnx: broken"),
        (rows([]), 134, b"hs_err\n", "hs_err"),
        (rows([]), 9, b"", "ended with exit code 9"),
    ],
)
def test_what_is_wrong_with_one_is_in_its_result(
    console: Console, left: npt.NDArray[np.void], code: int, log: bytes, said: str | None
) -> None:
    found = checked(Scorers(left, code, log), console)
    assert {(each.well, each.error) for each in found} == {(False, said)}
    assert show_checked("ffnn", found, console) is ExitCode.RUN_FAILED


def test_the_rate_is_that_of_the_second_half() -> None:
    made = rows([0] * 4)
    made["received_ns"] = [0, 90_000_000, 95_000_000, 100_000_000]
    made["scored_ns"] = [90_000_000, 95_000_000, 100_000_000, 105_000_000]
    assert bare_rate(made) == pytest.approx(200)
    assert bare_rate(rows([0])) == pytest.approx(100)


def test_the_table_says_what_is_known(console: Console) -> None:
    good = Checked(PYTHON, 32, 1e-6, 12345.6, 0.25, tolerance=1e-5)
    slow = Checked(PYTHON, 1, None, 0.234)
    assert show_checked("m (seeded)", [good, slow], console) is ExitCode.OK
    file = console.file
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    for part in ("m (seeded), tolerance 1e-05", "12,346", "0.2 s", "ok", "not compared", "0.2"):
        assert part in text
