"""A journal can be read at any moment, by a controller that starts after one that was killed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from crayfish_ctl.run import Journal
from crayfish_ctl.run.journal import Steps

if TYPE_CHECKING:
    from pathlib import Path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_event_is_on_the_disk_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    before = time.time_ns()
    journal.write("run-started", run_id="01-é\n", runs=[1, 2])
    (line,) = lines(path)
    assert before <= line.pop("ts_ns") <= time.time_ns()
    assert line == {"event": "run-started", "run_id": "01-é\n", "runs": [1, 2]}
    journal.close()


def test_a_journal_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for event in ("first", "second"):
        journal = Journal(path)
        journal.write(event)
        journal.close()
    assert [line["event"] for line in lines(path)] == ["first", "second"]


def test_steps_are_timed_and_come_in_the_order_of_their_start(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    steps = Steps(journal, "01")
    before = time.time_ns()
    with steps.step("outer"), steps.step("inner"):
        time.sleep(0.002)
    steps.add("whole", 5, 9)
    steps.add("part", 5, 7)
    part, whole, outer, inner = steps.in_order()
    assert [step["name"] for step in (part, whole, outer, inner)] == [
        "part", "whole", "outer", "inner",
    ]  # fmt: skip
    assert before <= outer["started_ns"] <= inner["started_ns"]
    assert inner["ended_ns"] - inner["started_ns"] >= 2_000_000
    assert outer["ended_ns"] >= inner["ended_ns"]
    # In the journal they come as they ended.
    assert [line["step"] for line in lines(tmp_path / "journal.jsonl")] == [
        "inner", "outer", "whole", "part",
    ]  # fmt: skip
    journal.close()
