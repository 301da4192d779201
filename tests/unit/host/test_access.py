"""What would keep a run from its files or its limits is named, with the mend."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from crayfish_ctl.host import access

ROOT = Path(__file__).parents[3]


def engine(*options: str) -> SimpleNamespace:
    return SimpleNamespace(security_options=list(options), server_version="27.0")


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said = ["Docker version 27.0"]
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=said[0]))
    return said


@pytest.mark.parametrize(
    ("option", "state", "named"),
    [
        ("name=seccomp,profile=default", "ok", "nothing"),
        ("name=rootless", "warn", "Delegate="),
        ("name=userns", "warn", "mapped"),
        ("name=selinux", "ok", "label=disable"),
    ],
)
def test_an_engine_with_other_rules(option: str, state: str, named: str) -> None:
    finding = access.security(engine(option))
    assert finding is not None
    assert finding.state == state
    assert named in finding.found + finding.mend


def test_podman_under_dockers_name_is_refused(client: list[str]) -> None:
    client[0] = "podman version 4.3.1"
    finding = access.security(engine())
    assert finding is not None
    assert (finding.state, finding.found) == ("missing", "`docker` is Podman")


def test_no_engine_no_word() -> None:
    assert access.security(None) is None


def test_this_checkout_can_be_read_by_containers() -> None:
    assert access.checkout(ROOT).state == "ok"


@pytest.mark.parametrize(("kind", "mode"), [("file", 0o600), ("folder", 0o700), ("folder", 0o744)])
def test_what_only_its_owner_can_read_is_named(tmp_path: Path, kind: str, mode: int) -> None:
    root = tmp_path / "it's here"
    path = root / "models" / "mine"
    path.mkdir(parents=True)
    if kind == "file":
        path /= "m.onnx"
        path.touch()
    path.chmod(mode)
    finding = access.checkout(root)
    assert finding.state == "missing"
    assert str(path) in finding.found
    assert finding.mend.startswith("chmod -R a+rX '")
