"""Faults come when they are due, end when they should, and are written down as they were."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.cells import Fault
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.run.faults import FaultInjector
from crayfish_ctl.targets import MemoryTarget, made_task

if TYPE_CHECKING:
    from crayfish_ctl.targets import Action


class Clocked(MemoryTarget):
    """Remembers also when."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__(made_task("kafka"), made_task("worker"))
        self._clock = clock
        self.done: list[tuple[float, str, str]] = []

    def act(self, task_id: str, action: Action) -> None:
        self.done.append((self._clock[0], action, task_id))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(time, "time_ns", lambda: round(now[0] * 1e9))
    return now


def injector(target: MemoryTarget, *faults: Fault) -> FaultInjector:
    return FaultInjector(faults, target, {task.service: task for task in target.tasks()})


PAUSE = Fault(at_seconds=2, service="kafka", action="pause", seconds=3)
KILL = Fault(at_seconds=4, service="worker", action="kill", seconds=1)


def test_nothing_before_the_measured_segment_and_everything_in_it(clock: list[float]) -> None:
    target = Clocked(clock)
    faults = injector(target, PAUSE, KILL)
    for tick in range(120):
        clock[0] = 100 + tick / 10
        if tick >= 35:  # noticed half a second late, and told again and again: it begins once
            faults.begin(103.0)
        faults.advance()
    assert target.done == [
        (105.0, "pause", "id-kafka"),
        (107.0, "kill", "id-worker"),
        (108.0, "unpause", "id-kafka"),
        (108.0, "start", "id-worker"),
    ]
    assert [(f.service, f.started_ns, f.ended_ns) for f in faults.done] == [
        ("kafka", 105 * 10**9, 108 * 10**9),
        ("worker", 107 * 10**9, 108 * 10**9),
    ]


def test_who_was_killed_on_purpose_has_not_failed(clock: list[float]) -> None:
    faults = injector(Clocked(clock), PAUSE, KILL)
    assert not faults.expected("id-worker")
    faults.begin(clock[0])
    clock[0] += 4
    faults.advance()
    assert not faults.expected("id-kafka")
    assert faults.expected("id-worker")
    assert not faults.expected("id-worker"), "one kill explains one end, and no later one"


def test_a_clock_that_is_another_one_does_not_hasten_a_fault(clock: list[float]) -> None:
    target = Clocked(clock)
    faults = injector(target, PAUSE)
    faults.begin(clock[0] - 3600)
    faults.advance()
    assert target.done == []


@pytest.mark.parametrize("refused", ["kill", "start"])
def test_what_the_engine_refuses_was_not_done(clock: list[float], refused: str) -> None:
    """As of a container that has just died by itself."""

    class Refusing(Clocked):
        def act(self, task_id: str, action: Action) -> None:
            if action == refused:
                raise CrayfishError(f"container {task_id} is not running")

    faults = injector(Refusing(clock), KILL)
    faults.begin(clock[0])
    for _ in range(60):
        clock[0] += 0.1
        faults.advance()
    faults.end()
    assert faults.done == []
    assert faults.expected("id-worker") == (refused == "start")


PROCESS = Fault(at_seconds=2, service="worker", action="kill-process", process="scorer")


@pytest.mark.parametrize("found", [2, 0])
def test_a_process_that_was_there_was_killed_and_comes_back_by_itself(
    clock: list[float], found: int
) -> None:
    target = Clocked(clock)
    target.processes = found
    faults = injector(target, PROCESS)
    faults.begin(clock[0])
    for _ in range(60):
        clock[0] += 0.1
        faults.advance()
    faults.end()
    assert target.calls == [("kill-process", "id-worker", "scorer")]
    assert target.done == []
    assert [fact.action for fact in faults.done] == ["kill-process"] * bool(found)
    assert not faults.expected("id-worker"), "the container itself has to live"


def test_the_end_of_a_run_brings_everything_back(clock: list[float]) -> None:
    target = Clocked(clock)
    faults = injector(target, PAUSE)
    faults.begin(clock[0])
    clock[0] += 2
    faults.advance()
    faults.end()
    faults.end()
    assert [name for _, name, _ in target.done] == ["pause", "unpause"]
