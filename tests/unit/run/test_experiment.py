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
from crayfish_ctl.run.experiment import check_space
from crayfish_ctl.run.journal import Steps

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
