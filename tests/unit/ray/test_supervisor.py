"""What dies is made anew, all of it; what is asked to stop drains; nothing is left behind."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

from crayfish_contract.runconfig import Deadlines
from crayfish_contract.service import ServiceExit
from crayfish_ray.errors import ActorsError, ClusterError
from crayfish_ray.metrics import ActorsCollector
from crayfish_ray.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_ray.actors import Progress

LOG = logging.getLogger("of-this-test")


class Actors:
    """Actors that do what the test says, and remember what was done to them."""

    def __init__(
        self,
        on_watch: Callable[[], None] = lambda: None,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._on_watch, self._on_ready = on_watch, on_ready
        self.done: list[str] = []
        self.undrained = False

    def progress(self) -> list[Progress]:
        return []

    def ready(self, asked: Callable[[], bool], deadline_s: float) -> bool:
        if self._on_ready:
            self._on_ready()
        return not asked()

    def start(self) -> None:
        self.done.append("start")

    def watch(self, timeout_s: float) -> None:
        self._on_watch()

    def stop(self, timeout_s: float) -> int:
        assert timeout_s == 3
        self.done.append("stop")
        if self.undrained:
            raise ActorsError("still under way")
        return 5

    def kill(self) -> None:
        self.done.append("kill")


def die() -> None:
    raise ActorsError("the actor died")


class Course:
    """A supervisor over the given generations of actors."""

    def __init__(
        self, *generations: Actors | Exception, asked: threading.Event | None = None
    ) -> None:
        self.asked = asked or threading.Event()
        self.collector = ActorsCollector()
        self._left = list(generations)
        self.supervisor = Supervisor(
            self._make, Deadlines(ready=10, stop=3), self.asked, self.collector, LOG
        )

    def _make(self) -> Actors:
        made = self._left.pop(0)
        if isinstance(made, Exception):
            raise made
        return made


def test_asked_to_stop_it_drains_and_ends_well(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asked = threading.Event()
    actors = Actors(on_watch=asked.set)
    course = Course(actors, asked=asked)
    assert course.supervisor.run() == ServiceExit.OK
    assert actors.done == ["start", "stop", "kill"]
    assert caplog.messages == ["running", "stopped"]


def test_a_drain_that_takes_too_long_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    asked = threading.Event()
    actors = Actors(on_watch=asked.set)
    actors.undrained = True
    course = Course(actors, asked=asked)
    assert course.supervisor.run() == ServiceExit.OK
    assert actors.done == ["start", "stop", "kill"]
    assert "not drained: still under way" in caplog.messages


@pytest.mark.parametrize("lost", [Actors(on_watch=die), Actors(on_ready=die)])
def test_after_a_loss_all_actors_are_made_anew(
    caplog: pytest.LogCaptureFixture, lost: Actors
) -> None:
    asked = threading.Event()
    again = Actors(on_watch=asked.set)
    course = Course(lost, again, asked=asked)
    assert course.supervisor.run() == ServiceExit.OK
    assert lost.done[-1] == "kill"
    assert again.done == ["start", "stop", "kill"]
    assert course.collector.restarts == 1
    assert caplog.messages == ["all actors are made anew: the actor died"]


def test_actors_that_cannot_be_made_are_made_again() -> None:
    asked = threading.Event()
    again = Actors(on_watch=asked.set)
    course = Course(ActorsError("refused"), again, asked=asked)
    assert course.supervisor.run() == ServiceExit.OK
    assert again.done == ["start", "stop", "kill"]
    assert course.collector.restarts == 1


def test_a_connection_that_is_lost_while_they_are_made_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    course = Course(ClusterError("ray-head:10001: gone"))
    assert course.supervisor.run() == ServiceExit.UNREACHABLE
    assert caplog.messages == ["ray-head:10001: gone"]


def test_it_gives_up_in_the_end(caplog: pytest.LogCaptureFixture) -> None:
    generations = [Actors(on_watch=die) for _ in range(11)]
    assert Course(*generations).supervisor.run() == ServiceExit.BUG
    assert all(actors.done == ["start", "kill"] for actors in generations)
    assert caplog.messages[-1] == "gave up after 10 restarts: the actor died"


def test_a_worker_that_never_comes_back_is_said(caplog: pytest.LogCaptureFixture) -> None:
    def never() -> None:
        raise ClusterError("1 actors not ready within 10 s")

    actors = Actors(on_ready=never)
    assert Course(actors).supervisor.run() == ServiceExit.UNREACHABLE
    assert actors.done == ["kill"]
    assert caplog.messages == ["1 actors not ready within 10 s"]


def test_asked_to_stop_before_they_are_ready_it_starts_nothing() -> None:
    asked = threading.Event()
    actors = Actors(on_ready=asked.set)
    course = Course(actors, asked=asked)
    assert course.supervisor.run() == ServiceExit.OK
    assert actors.done == ["kill"]
