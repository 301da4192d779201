"""Room for the results of an experiment, and a journal that survives."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import choices, make_plan
from crayfish_ctl.run import Journal
from crayfish_ctl.run.experiment import check_faults, check_space
from crayfish_ctl.run.journal import Steps
from crayfish_ctl.targets import MemoryTarget
from tests.unit.plan.test_services import planned

ROOT = Path(__file__).parents[3]


def test_no_room_for_the_results_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate"))
    folder = tmp_path / "results" / "now"
    folder.mkdir(parents=True)
    check_space(plan, folder)
    usage = namedtuple("usage", "total used free")  # noqa: PYI024
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 99, 1_000_000))
    with pytest.raises(CrayfishError, match="1 MB free, the results need") as caught:
        check_space(plan, folder)
    assert caught.value.exit_code is ExitCode.HOST


def test_what_a_target_cannot_undo_is_refused_before_anything_starts(tmp_path: Path) -> None:
    kill = {"at_seconds": 1, "service": "flink-taskmanager", "action": "kill", "seconds": 2}
    plan = planned(tmp_path, {"rate": 10, "faults": [kill]})
    target = MemoryTarget()
    check_faults(plan, target)
    target.revives = False
    with pytest.raises(CrayfishError, match=r"workloads.1 .*: faults: kill flink-taskmanager: the"):
        check_faults(plan, target)
    pause = planned(tmp_path, {"rate": 10, "faults": [kill | {"action": "pause"}]})
    check_faults(pause, target)


def test_a_step_is_in_the_journal_even_if_it_failed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    steps = Steps(journal, "01")
    with pytest.raises(ValueError, match="no"), steps.step("start"):
        raise ValueError("no")
    steps.add("ready", 10, 20)
    (line, ready) = [json.loads(text) for text in path.read_text().splitlines()]
    assert (line["event"], line["run_id"], line["step"]) == ("step", "01", "start")
    assert ready["seconds"] == 1e-8
    assert [step["name"] for step in steps.in_order()] == ["ready", "start"]
    journal.close()
