"""The engine's lock: one holder at a time, whoever asks; one that has died holds nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import psutil
import pytest
from python_on_whales.exceptions import DockerException, NoSuchContainer

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker import lock
from crayfish_ctl.targets.docker.lock import Holder, break_lock, engine_lock

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from python_on_whales import DockerClient


@dataclass
class Engine:
    """Gives a container's name out once, as the engine does."""

    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    """By container id; the last one has the name."""
    made: int = 0

    @property
    def container(self) -> Engine:
        return self

    @property
    def image(self) -> Any:
        return SimpleNamespace(exists=lambda _: True)

    def create(self, image: str, command: object, *, name: str, labels: Any, pull: str) -> Any:
        assert (name, pull) == (lock.LOCK, "never")
        if self.labels:
            raise DockerException(["docker"], 1, b"", b"Conflict. The name is already in use")
        self.made += 1
        self.labels[f"id-{self.made}"] = labels
        return SimpleNamespace(id=f"id-{self.made}")

    def inspect(self, name: str) -> Any:
        if not self.labels:
            raise NoSuchContainer(["docker"], 1, b"", b"No such container")
        ((found, labels),) = self.labels.items()
        return SimpleNamespace(id=found, config=SimpleNamespace(labels=labels))

    def remove(self, which: str, *, force: bool) -> None:
        if which == lock.LOCK:
            self.labels.clear()
        elif self.labels.pop(which, None) is None:
            raise NoSuchContainer(["docker"], 1, b"", b"No such container")

    def holds(self, holder: Holder) -> None:
        self.labels["id-0"] = {"crayfish.lock.holder": json.dumps(asdict(holder))}


def client_of(engine: Engine) -> DockerClient:
    return cast("DockerClient", engine)


def held(engine: Engine, **how: Any) -> AbstractContextManager[None]:
    return engine_lock(client_of(engine), **how)


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_a_second_experiment_is_refused_and_told_who_runs(engine: Engine) -> None:
    with held(engine):
        with pytest.raises(CrayfishError, match="another experiment runs") as caught, held(engine):
            pass
        assert caught.value.exit_code is ExitCode.HOST
        assert f"process {os.getpid()} of " in caught.value.message
        assert "--wait" in (caught.value.hint or "")
    with held(engine):
        pass
    assert engine.labels == {}


def test_an_error_gives_it_back(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no"), held(engine):
        raise ValueError("no")
    assert engine.labels == {}


def dead() -> Holder:
    """A process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return replace(Holder.me(), pid=done.pid)


def test_a_killed_experiment_holds_nothing(engine: Engine) -> None:
    engine.holds(dead())
    with held(engine):
        assert list(engine.labels) == ["id-1"]


def test_a_number_that_another_process_has_now_holds_nothing(engine: Engine) -> None:
    mine = Holder.me()
    engine.holds(replace(mine, started=mine.started - 100))
    with held(engine):
        assert list(engine.labels) == ["id-1"]


@pytest.mark.parametrize("holder", [replace(dead(), boot="another machine"), None])
def test_who_cannot_be_seen_from_here_may_be_alive(engine: Engine, holder: Holder | None) -> None:
    if holder is None:
        engine.labels["id-0"] = {}
    else:
        engine.holds(holder)
    with pytest.raises(CrayfishError, match="another experiment runs") as caught, held(engine):
        pass
    assert "crayfish down --force" in (caught.value.hint or "")
    break_lock(client_of(engine))
    break_lock(client_of(engine))  # nobody holds it: nothing to do
    with held(engine):
        pass


def test_a_process_of_another_user_is_alive(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.holds(dead())

    def hidden(pid: int) -> None:
        raise psutil.AccessDenied(pid)

    holder = Holder(**json.loads(engine.labels["id-0"]["crayfish.lock.holder"]))
    monkeypatch.setattr(psutil, "Process", hidden)
    assert not holder.has_died


def test_to_wait_is_to_go_on_when_the_other_has_ended(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.holds(Holder.me())
    said: list[str] = []
    polls = iter([None, None])

    def a_moment(_: float) -> None:
        if next(polls, "over") == "over":
            engine.labels.clear()

    monkeypatch.setattr(time, "sleep", a_moment)
    with held(engine, wait=True, say=said.append):
        assert list(engine.labels) == ["id-1"]
    assert len(said) == 1
    assert "another experiment runs" in said[0]


def test_an_engine_that_does_not_answer_is_a_message(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DockerException(["docker"], 1, b"", b"Cannot connect to the Docker daemon")

    monkeypatch.setattr(Engine, "create", refuse)
    with pytest.raises(CrayfishError, match="Cannot connect") as caught, held(engine):
        pass
    assert caught.value.exit_code is ExitCode.HOST
