"""Whatever happens, nothing is left running, and nobody is locked out of what was made."""

from __future__ import annotations

import os
import signal
from io import StringIO
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.interrupts import terminable
from crayfish_ctl.run.guard import cleaned, given_back, remove_leftovers
from crayfish_ctl.targets import MemoryTarget, made_task

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=120)


def printed(console: Console) -> str:
    return cast("StringIO", console.file).getvalue()


def test_leftovers_are_removed_and_said(console: Console) -> None:
    target = MemoryTarget(*map(made_task, ("a", "b", "c")))
    remove_leftovers(target, console)
    assert target.calls == [("down",)]
    assert "removing 3 containers" in printed(console)


def test_networks_and_volumes_are_left_over_too_but_not_worth_a_word(console: Console) -> None:
    target = MemoryTarget()
    remove_leftovers(target, console)
    assert target.calls == [("down",)]
    assert printed(console) == ""


@pytest.mark.parametrize(
    ("end", "said"), [(KeyboardInterrupt, "interrupted"), (ValueError, ""), (CrayfishError, "")]
)
def test_the_stack_is_removed_however_the_end_comes(
    console: Console, end: type[BaseException], said: str
) -> None:
    target = MemoryTarget()
    with pytest.raises(end), cleaned(target, console):
        raise end("x")
    assert target.calls == [("down",)]
    assert printed(console).startswith(said)
    assert bool(printed(console)) == bool(said)


def test_what_is_to_follow_does_when_nothing_runs_any_more(console: Console) -> None:
    target = MemoryTarget()
    seen: list[list[object]] = []
    then = lambda: seen.append(list(target.calls))  # noqa: E731
    with pytest.raises(KeyboardInterrupt), cleaned(target, console, then):
        raise KeyboardInterrupt
    assert seen == [[("down",)]]


def test_a_second_ctrl_c_does_not_stop_the_cleaning(console: Console) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    class Slow(MemoryTarget):
        def down(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)
            super().down()

    target = Slow()
    with cleaned(target, console):
        pass
    assert target.calls == [("down",)]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_sigterm_does_what_ctrl_c_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_closed_terminal_does_what_ctrl_c_does() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
    try:
        with pytest.raises(KeyboardInterrupt), terminable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_nohup_means_what_it_says() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminable():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_are_heard_again_though_the_cleaning_failed(console: Console) -> None:
    before = signal.getsignal(signal.SIGINT)

    class Broken(MemoryTarget):
        def down(self) -> None:
            raise CrayfishError("the network is in use")

    with pytest.raises(CrayfishError), cleaned(Broken(), console):
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_what_sudo_made_belongs_to_the_user_who_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(
        os, "chown", lambda path, uid, gid, **_: owners.update({path.name: (uid, gid)})
    )
    monkeypatch.setattr(os, "getuid", lambda: 0)
    results = tmp_path / "results"
    for user, expected in (("1001", {"results": (1001, 100), "run.json": (1001, 100)}), ("", {})):
        monkeypatch.setenv("SUDO_UID", user)
        monkeypatch.setenv("SUDO_GID", "100")
        owners.clear()
        with given_back(results):
            results.mkdir(exist_ok=True)
            (results / "run.json").touch()
        assert owners == expected
