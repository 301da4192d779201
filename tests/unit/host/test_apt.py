from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.host import apt

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("distribution", "version", "has"),
    [
        ("debian", "12", "docker.io"),
        ("debian", "13", "docker-compose"),
        ("debian", "14", "docker-cli"),
        ("ubuntu", "22.04", "docker-compose-v2"),
        ("ubuntu", "24.04", "docker-buildx"),
    ],
)
def test_recipe_of_known_releases(distribution: str, version: str, has: str) -> None:
    recipe = apt.recipe_for(distribution, version)
    assert recipe is not None
    assert has in recipe.packages


def test_only_debian_12_borrows_from_the_next_suite() -> None:
    recipe = apt.recipe_for("debian", "12")
    assert recipe is not None
    assert recipe.from_next_suite == ("docker-compose", "docker-buildx")
    # Debian 12's own docker-compose is version 1: it must not come from there.
    assert not set(recipe.packages) & set(recipe.from_next_suite)
    for distribution, version in (("debian", "13"), ("ubuntu", "24.04")):
        other = apt.recipe_for(distribution, version)
        assert other is not None
        assert other.from_next_suite == ()


@pytest.mark.parametrize(
    ("distribution", "version"),
    [("debian", "11"), ("debian", ""), ("ubuntu", "20.04"), ("fedora", "42"), ("", "")],
)
def test_no_recipe_for_others(distribution: str, version: str) -> None:
    assert apt.recipe_for(distribution, version) is None


class Commands:
    """Stands for `run_as_root`; what would have been run, in order."""

    def __init__(self, fails: str = "") -> None:
        self.ran: list[str] = []
        self.fails = fails

    def __call__(self, command: list[str], say: object, *, cwd: Path | None = None) -> None:
        line = " ".join(command)
        self.ran.append(line)
        if cwd is not None and "download" in command:
            (cwd / "docker-compose_2.deb").touch()
            (cwd / "docker-buildx_0.deb").touch()
        if self.fails and self.fails in line:
            raise CrayfishError("no network")

    def index(self, part: str) -> int:
        return next(i for i, line in enumerate(self.ran) if part in line)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commands:
    made = Commands()
    monkeypatch.setattr(apt, "run_as_root", made)
    monkeypatch.setattr(apt, "mirror", lambda: "http://archive.example/debian")
    monkeypatch.setattr(tempfile, "mkdtemp", lambda prefix: str(tmp_path / prefix))
    (tmp_path / "crayfish-apt-").mkdir()
    return made


DEBIAN_12 = apt.Recipe(("docker.io",), ("docker-compose", "docker-buildx"))


def test_the_engine_is_installed_last(commands: Commands) -> None:
    apt.install(DEBIAN_12, str)
    assert commands.index("dpkg -i") < commands.index("docker.io")
    assert commands.ran[commands.index("dpkg -i")].count(".deb") == 2


def test_an_interrupted_installation_leaves_no_engine(commands: Commands) -> None:
    commands.fails = "download"
    with pytest.raises(CrayfishError):
        apt.install(DEBIAN_12, str)
    assert not any("docker.io" in line for line in commands.ran)


def test_the_machines_own_sources_are_not_used_for_the_next_suite(
    commands: Commands, tmp_path: Path
) -> None:
    apt.install(DEBIAN_12, str)
    own = [line for line in commands.ran if "Dir::Etc::sourcelist=" in line]
    assert len(own) == 2
    assert all("Dir::Etc::sourceparts=-" in line for line in own)
    assert all(f"Dir::State::lists={tmp_path}" in line for line in own)
    assert not (tmp_path / "crayfish-apt-").exists()


def test_a_release_with_its_own_plugins_needs_one_installation(commands: Commands) -> None:
    apt.install(apt.Recipe(("docker.io", "docker-buildx")), str)
    assert commands.ran == [
        "apt-get update",
        "apt-get install -y --no-install-recommends docker.io docker-buildx",
    ]
