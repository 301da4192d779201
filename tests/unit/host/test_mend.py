"""Whether `mend` touches a machine: never where an engine answers, or where the user chose one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.host import Finding, apt, checks, doctor, engine, mend

if TYPE_CHECKING:
    from pathlib import Path

MISSING = Finding("engine", "missing", "no answer", "start it", ours=True)


@dataclass
class Machine:
    """A pretended machine; `did` is what was done to it."""

    error: str | None = "Cannot connect to the Docker daemon"
    recipe: apt.Recipe | None = field(default_factory=lambda: apt.Recipe(("docker.io",)))
    privilege: list[str] | None = field(default_factory=list)
    apt_get: str | None = "/usr/bin/apt-get"
    daemon: bool = False
    plugins: dict[str, str] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    made = Machine()
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(engine, "engine_error", lambda: made.error)
    monkeypatch.setattr(engine, "installed", lambda: made.daemon)
    monkeypatch.setattr(engine, "plugin_version", lambda name: made.plugins.get(name))  # noqa: PLW0108  the tests replace it
    monkeypatch.setattr(engine, "start", lambda say: made.did.append("start"))
    monkeypatch.setattr(apt, "recipe", lambda: made.recipe)
    monkeypatch.setattr(apt, "install", lambda wanted, say: made.did.append("install"))
    monkeypatch.setattr(doctor, "privilege", lambda: made.privilege)
    monkeypatch.setattr(shutil, "which", lambda name: made.apt_get)
    return made


def refused(machine: Machine, *findings: Finding) -> CrayfishError:
    with pytest.raises(CrayfishError) as raised:
        mend(findings or [MISSING], str)
    assert raised.value.exit_code == ExitCode.HOST
    assert raised.value.hint
    assert machine.did == []
    return raised.value


@pytest.mark.parametrize("privilege", [[], ["sudo"]], ids=["root", "sudo"])
def test_a_bare_machine_gets_an_engine(machine: Machine, privilege: list[str]) -> None:
    machine.privilege = privilege
    mend([MISSING], str)
    assert machine.did == ["install", "start"]


def test_an_installed_engine_is_only_started(machine: Machine) -> None:
    machine.daemon = True
    machine.plugins = {"compose": "2.26.1-4", "buildx": "0.13.1"}
    mend([MISSING], str)
    assert machine.did == ["start"]


@pytest.mark.parametrize(
    "plugins",
    [{}, {"compose": "2.26.1"}, {"buildx": "0.13.1"}, {"compose": "2.10.2", "buildx": "0.13.1"}],
)
def test_a_stopped_engine_without_its_plugins_is_completed(
    machine: Machine, plugins: dict[str, str]
) -> None:
    machine.daemon = True
    machine.plugins = plugins
    mend([MISSING], str)
    assert machine.did == ["install", "start"]


def test_nothing_missing_is_nothing_to_do(machine: Machine) -> None:
    mend([Finding("clock", "warn", "hpet", "prefer tsc")], str)
    assert machine.did == []


def test_an_engine_that_answers_by_now_is_left_alone(machine: Machine) -> None:
    machine.error = None
    mend([MISSING], str)
    assert machine.did == []


def test_a_missing_plugin_beside_a_living_engine_is_the_users_to_install(machine: Machine) -> None:
    machine.error = None
    error = refused(machine, Finding("compose", "missing", "1.29", "install the compose v2 plugin"))
    assert "1.29" in error.message
    assert error.hint == "install the compose v2 plugin"


def test_no_room_is_said_before_anything_is_installed(machine: Machine) -> None:
    error = refused(machine, MISSING, Finding("disk", "missing", "1 GiB free", "make 12 GiB"))
    assert "1 GiB free" in error.message


@pytest.mark.parametrize("name", ["DOCKER_HOST", "DOCKER_CONTEXT"])
def test_an_engine_that_the_user_chose_is_not_replaced(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "tcp://10.0.0.1:2375")
    error = refused(machine)
    assert f"{name} is tcp://10.0.0.1:2375" in error.message


@pytest.mark.parametrize(
    ("config", "chosen"),
    [
        ('{"currentContext": "rootless"}', "rootless"),
        ('{"currentContext": "default"}', None),
        ("{}", None),
        ("[]", None),
        ("{", None),
    ],
)
def test_a_chosen_context_is_not_replaced(
    machine: Machine, tmp_path: Path, config: str, chosen: str | None
) -> None:
    (tmp_path / "config.json").write_text(config)
    if chosen is not None:
        assert chosen in refused(machine).message
    else:
        mend([MISSING], str)
        assert machine.did == ["install", "start"]


def test_an_engine_that_does_not_let_this_user_in_is_not_replaced(machine: Machine) -> None:
    machine.error = "permission denied while trying to connect to the Docker daemon socket"
    error = refused(machine)
    assert error.hint is not None
    assert "usermod -aG docker" in error.hint


def test_other_systems_get_instructions(machine: Machine) -> None:
    machine.recipe = None
    assert "Docker Engine" in (refused(machine).hint or "")


def test_without_root_and_sudo_there_are_instructions(machine: Machine) -> None:
    machine.privilege = None
    assert "sudo" in (refused(machine).hint or "")


def test_without_apt_there_are_instructions(machine: Machine) -> None:
    machine.apt_get = None
    refused(machine)


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("2.26.1-4", True),
        ("2.20.0+ds1-0ubuntu1", True),
        ("2.19.9", False),
        ("1.29.2", False),
        ("5.0.0-desktop.1", True),
        ("2", False),
        ("", False),
        (None, False),
    ],
)
def test_compose_versions(version: str | None, enough: bool) -> None:
    assert checks.compose_is_new_enough(version) is enough
