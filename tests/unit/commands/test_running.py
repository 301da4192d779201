"""Several experiments in one command: what becomes of one that cannot go on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.commands import running
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import make_series
from crayfish_ctl.targets import MemoryTarget
from tests.unit.report.experiments import batch_size

if TYPE_CHECKING:
    from crayfish_ctl.plan import Plan, Series

ROOT = Path(__file__).parents[3]


def series(names: str) -> Series:
    return make_series(load_catalog(ROOT), names, (), {})


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def test_the_worst_of_all_is_the_exit_code() -> None:
    code = ExitCode
    assert running.worst([]) is code.OK
    assert running.worst([code.OK, code.RUN_INVALID]) is code.RUN_INVALID
    assert running.worst([code.RUN_INVALID, code.RUN_FAILED, code.OK]) is code.RUN_FAILED
    assert running.worst([code.RUN_FAILED, code.HOST]) is code.HOST


def test_one_that_cannot_go_on_costs_itself(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(plan: Plan, out: Path, *_: object) -> Path:
        if plan.experiment.name == "stall":
            raise CrayfishError("no room", code=ExitCode.HOST)
        return batch_size(out / plan.experiment.name)

    monkeypatch.setattr(running, "run_experiment", run)
    code = running.run_series(series("bursty,stall,batch-size"), tmp_path, MemoryTarget(), console)
    assert code is ExitCode.HOST
    (index,) = tmp_path.glob("*-index.html")
    text = index.read_text()
    assert text.count("report.html") == 2
    assert "stall: no room" in text


def test_one_alone_has_no_index_and_its_error_is_the_commands(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> Path:
        raise CrayfishError("no room", code=ExitCode.HOST)

    monkeypatch.setattr(running, "run_experiment", run)
    with pytest.raises(CrayfishError, match="no room"):
        running.run_series(series("stall"), tmp_path, MemoryTarget(), console)
    assert not list(tmp_path.iterdir())


def test_an_interruption_leaves_what_has_ended(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(plan: Plan, out: Path, *_: object) -> Path:
        if plan.experiment.name == "stall":
            raise KeyboardInterrupt
        return batch_size(out / plan.experiment.name)

    monkeypatch.setattr(running, "run_experiment", run)
    with pytest.raises(KeyboardInterrupt):
        running.run_series(series("bursty,stall"), tmp_path, MemoryTarget(), console)
    (index,) = tmp_path.glob("*-index.html")
    assert "bursty/report.html" in index.read_text()
