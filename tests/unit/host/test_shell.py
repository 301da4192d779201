from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.host import shell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("uid", "sudo", "prefix"),
    [(0, None, []), (1000, "/usr/bin/sudo", ["sudo"]), (1000, None, None)],
)
def test_privilege(
    monkeypatch: pytest.MonkeyPatch, uid: int, sudo: str | None, prefix: list[str] | None
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(shutil, "which", lambda name: sudo)
    assert shell.privilege() == prefix


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "privilege", list)


@pytest.mark.usefixtures("as_root")
def test_a_command_is_said_so_that_it_can_be_repeated() -> None:
    said: list[str] = []
    shell.run_as_root(["sh", "-c", "echo a b"], said.append)
    assert said == ["  $ sh -c 'echo a b'"]


@pytest.mark.usefixtures("as_root")
def test_a_failure_has_the_commands_last_words() -> None:
    script = "seq 100; echo 'no space left' >&2; exit 7"
    with pytest.raises(CrayfishError) as raised:
        shell.run_as_root(["sh", "-c", script], str)
    assert raised.value.exit_code == ExitCode.HOST
    assert "ended with 7" in raised.value.message
    assert "no space left" in raised.value.message
    assert "\n42\n" not in raised.value.message


def test_without_root_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "privilege", lambda: None)
    monkeypatch.setattr(subprocess, "run", pytest.fail)
    with pytest.raises(CrayfishError, match="needs root"):
        shell.run_as_root(["apt-get", "update"], str)


def test_apt_asks_nothing_behind_sudo_either(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """sudo passes nothing of the environment on."""
    sudo = tmp_path / "sudo"
    sudo.write_text('#!/bin/sh\nexec env -i PATH="$PATH" "$@"\n')
    sudo.chmod(0o755)
    monkeypatch.setattr(shell, "privilege", lambda: [str(sudo)])
    shell.run_as_root(["sh", "-c", '[ "$DEBIAN_FRONTEND" = noninteractive ]'], str)
