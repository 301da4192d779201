"""Whatever happens, nothing is left running; and one experiment at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.run import alone
from crayfish_ctl.run.guard import cleaned, remove_leftovers, terminable

if TYPE_CHECKING:
    from crayfish_ctl.stack import ComposeTarget


class Target:
    """Remembers what it was asked; its containers are only counted."""

    def __init__(self, containers: int = 0) -> None:
        self._containers = containers
        self.calls: list[str] = []

    def containers(self) -> list[int]:
        return list(range(self._containers))

    def down(self) -> None:
        self.calls.append("down")


def as_target(target: Target) -> ComposeTarget:
    return cast("ComposeTarget", target)


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=120)


def printed(console: Console) -> str:
    return cast("StringIO", console.file).getvalue()


def test_leftovers_are_removed_and_said(console: Console) -> None:
    target = Target(containers=3)
    remove_leftovers(as_target(target), console)
    assert target.calls == ["down"]
    assert "removing 3 containers" in printed(console)


def test_networks_and_volumes_are_left_over_too_but_not_worth_a_word(console: Console) -> None:
    target = Target(containers=0)
    remove_leftovers(as_target(target), console)
    assert target.calls == ["down"]
    assert printed(console) == ""


@pytest.mark.parametrize(
    ("end", "said"), [(KeyboardInterrupt, "interrupted"), (ValueError, ""), (CrayfishError, "")]
)
def test_the_stack_is_removed_however_the_end_comes(
    console: Console, end: type[BaseException], said: str
) -> None:
    target = Target()
    with pytest.raises(end), cleaned(as_target(target), console):
        raise end("x")
    assert target.calls == ["down"]
    assert printed(console).startswith(said)
    assert bool(printed(console)) == bool(said)


def test_a_second_ctrl_c_does_not_stop_the_cleaning(console: Console) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    class Slow(Target):
        def down(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)
            super().down()

    target = Slow()
    with cleaned(as_target(target), console):
        pass
    assert target.calls == ["down"]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_sigterm_does_what_ctrl_c_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path / "crayfish.lock"


def test_the_lock_names_its_holder_and_is_open_to_every_user(lock: Path) -> None:
    with alone():
        assert lock.read_text() == str(os.getpid())
        assert lock.stat().st_mode & 0o777 == 0o666
        with pytest.raises(CrayfishError, match=f"process {os.getpid()}"), alone():
            pass


def test_the_lock_of_a_killed_experiment_is_free(lock: Path) -> None:
    lock.write_text("123456789")
    with alone():
        assert lock.read_text() == str(os.getpid())


def test_the_lock_is_held_against_other_processes(lock: Path) -> None:
    program = (
        "import fcntl, sys\n"
        "file = open(sys.argv[1])\n"
        "try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: print('held')\n"
        "else: print('free')\n"
    )

    def asked() -> str:
        return subprocess.check_output([sys.executable, "-c", program, lock], text=True).strip()

    with alone():
        assert asked() == "held"
    assert asked() == "free"


def test_another_users_lock_file_is_used_as_it_is(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", forbidden)
    with alone():
        assert lock.read_text() == str(os.getpid())


def test_a_lock_file_that_cannot_be_opened_is_named(lock: Path) -> None:
    lock.mkdir()
    with pytest.raises(CrayfishError, match=r"crayfish\.lock: Is a directory") as caught, alone():
        pass
    assert caught.value.exit_code is ExitCode.HOST
