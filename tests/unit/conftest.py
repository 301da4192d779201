"""No unit test needs an engine: none of them gets one, wherever they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl import cli
from tests.unit.commandline import MINE, Done
from tests.unit.project import copy_project

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/engine-is-for-e2e-tests.sock")


@pytest.fixture
def crayfish(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Run the command in this process, as its entry point does; no engine can be reached."""
    monkeypatch.setattr(cli.console, "width", 200)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["crayfish", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        captured = capsys.readouterr()
        return Done(code if isinstance(code, int) else 0, captured.out, captured.err)

    return call


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one's own, to be changed."""
    copy_project(tmp_path)
    monkeypatch.setenv("CRAYFISH_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """An experiment of one's own."""
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return str(path)
