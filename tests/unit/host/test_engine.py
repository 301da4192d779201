from __future__ import annotations

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.host import engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    commands: list[list[str]] = []
    monkeypatch.setattr(engine, "run_as_root", lambda command, say: commands.append(list(command)))
    return commands


def client(monkeypatch: pytest.MonkeyPatch, code: int = 0, out: str = "", err: str = "") -> None:
    """Pretend a docker command that ends like this."""
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")

    def run(command: list[str], **_: Any) -> Any:
        return SimpleNamespace(returncode=code, stdout=out, stderr=err)

    monkeypatch.setattr(subprocess, "run", run)


def test_no_docker_command_is_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert engine.engine_info() is None
    assert engine.engine_error() == "there is no docker command"
    assert engine.plugin_version("compose") is None


def test_the_clients_last_words_are_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    client(monkeypatch, 1, err="WARNING: plugin\n\nCannot connect to the Docker daemon\n")
    assert engine.engine_error() == "Cannot connect to the Docker daemon"
    assert engine.engine_info() is None


def test_an_engine_that_hangs_is_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    client(monkeypatch)

    def hang(command: list[str], *, timeout: float, **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert "no answer within" in (engine.engine_error() or "")


@pytest.mark.parametrize(
    ("code", "out", "version"),
    [
        (0, "Docker Compose version v2.26.1\n", "2.26.1"),
        (0, "Docker Compose version 2.26.1-4\n", "2.26.1-4"),
        (0, "github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3\n", "0.13.1+ds1"),
        (1, "docker 2.0: 'compose' is not a docker command.\n", None),
        (0, "\n", None),
    ],
)
def test_plugin_versions(
    monkeypatch: pytest.MonkeyPatch, code: int, out: str, version: str | None
) -> None:
    client(monkeypatch, code, out)
    assert engine.plugin_version("compose") == version


def test_the_daemon_is_found_where_an_ordinary_path_does_not_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def which(name: str, path: str) -> None:
        seen.extend(path.split(":"))

    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setattr(shutil, "which", which)
    assert not engine.installed()
    assert {"/usr/bin", "/usr/sbin"} <= set(seen)


@pytest.fixture
def zombie() -> Iterator[int]:
    child = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.DEVNULL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, but not reaped
    yield child.pid
    child.wait()


def test_a_zombie_does_not_run(zombie: int) -> None:
    name = psutil.Process(zombie).name()
    assert not engine.is_running(zombie, name)


def test_this_process_runs_but_is_no_daemon() -> None:
    assert engine.is_running(os.getpid(), psutil.Process().name())
    assert not engine.is_running(os.getpid(), "dockerd")


def test_the_pid_file_of_a_zombie_is_removed(
    ran: list[list[str]], tmp_path: Path, zombie: int
) -> None:
    path = tmp_path / "docker.pid"
    path.write_text(str(zombie))
    engine.remove_stale_pid(path, psutil.Process(zombie).name(), str)
    assert ran == [["rm", "-f", str(path)]]


def test_a_pid_file_whose_number_another_process_has_is_removed(
    ran: list[list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "docker.pid"
    path.write_text(f"{os.getpid()}\n")
    said: list[str] = []
    engine.remove_stale_pid(path, "dockerd", said.append)
    assert ran == [["rm", "-f", str(path)]]
    assert str(path) in said[0]


def test_the_pid_file_of_a_living_daemon_stays(ran: list[list[str]], tmp_path: Path) -> None:
    path = tmp_path / "docker.pid"
    path.write_text(str(os.getpid()))
    engine.remove_stale_pid(path, psutil.Process().name(), str)
    assert ran == []


@pytest.mark.parametrize("content", [None, "", "none"])
def test_an_unreadable_pid_file_is_left_alone(
    ran: list[list[str]], tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "docker.pid"
    if content is not None:
        path.write_text(content)
    engine.remove_stale_pid(path, "dockerd", str)
    assert ran == []


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ran: list[list[str]]) -> Path:
    """A machine without systemd; the path of the daemon's log."""
    log = tmp_path / "dockerd.log"
    monkeypatch.setattr(engine, "_SYSTEMD", tmp_path / "none")
    monkeypatch.setattr(engine, "_LOG", log)
    monkeypatch.setattr(engine, "_PID_FILES", {})
    monkeypatch.setattr(engine, "_QUIT_S", 0.0)
    monkeypatch.setattr(psutil, "pids", list)
    return log


def answers(monkeypatch: pytest.MonkeyPatch, *errors: str | None) -> None:
    """Pretend an engine that answers so, one call after another."""
    left = iter(errors)
    monkeypatch.setattr(engine, "engine_error", lambda: next(left))


def test_start_waits_for_the_answer(
    monkeypatch: pytest.MonkeyPatch, by_hand: Path, ran: list[list[str]]
) -> None:
    monkeypatch.setattr(engine, "_QUIT_S", 60.0)
    answers(monkeypatch, "Cannot connect", None)
    engine.start(str)
    (command,) = ran
    assert command[:2] == ["sh", "-c"]
    assert "setsid dockerd" in command[2]
    assert str(by_hand) in command[2]


def test_a_daemon_that_quits_is_told_with_its_log(
    monkeypatch: pytest.MonkeyPatch, by_hand: Path
) -> None:
    by_hand.write_text("\n".join([*map(str, range(100)), "failed to start: no iptables"]))
    answers(monkeypatch, *["Cannot connect"] * 9)
    with pytest.raises(CrayfishError) as raised:
        engine.start(str)
    assert raised.value.exit_code == ExitCode.HOST
    assert "failed to start: no iptables" in raised.value.message
    assert "\n42\n" not in raised.value.message


def test_a_daemon_that_runs_but_forbids_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, by_hand: Path
) -> None:
    answers(monkeypatch, "Got permission denied while trying to connect")
    with pytest.raises(CrayfishError, match="may not use it"):
        engine.start(str)
