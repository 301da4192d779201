from __future__ import annotations

import shutil
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.host import base_image, ensure_base_image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The host's folder of extra certificates."""
    folder = tmp_path / "local-certificates"
    folder.mkdir()
    monkeypatch.setattr(base_image, "_LOCAL_CERTIFICATES", folder)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_certificates_are_gathered_and_forgotten(local: Path, tmp_path: Path) -> None:
    target = tmp_path / "host-ca"
    (local / "proxy.crt").write_text("one")
    (local / "notes.txt").write_text("no certificate")
    base_image.gather_certificates(target)
    assert names(target) == {"README", "proxy.crt"}
    (local / "proxy.crt").write_text("renewed")
    base_image.gather_certificates(target)
    assert (target / "proxy.crt").read_text() == "renewed"
    (local / "proxy.crt").unlink()
    base_image.gather_certificates(target)
    assert names(target) == {"README"}


def test_a_host_without_certificates_of_its_own_has_a_folder_to_copy(
    monkeypatch: pytest.MonkeyPatch, local: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(base_image, "_LOCAL_CERTIFICATES", tmp_path / "none")
    base_image.gather_certificates(tmp_path / "host-ca")
    assert names(tmp_path / "host-ca") == {"README"}


@pytest.mark.parametrize(("own", "gathered"), [(True, True), (False, False)])
def test_the_users_own_bundle_counts_and_the_systems_does_not(
    monkeypatch: pytest.MonkeyPatch, local: Path, tmp_path: Path, own: bool, gathered: bool
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("certificates")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle) if own else "/etc/passwd")
    base_image.gather_certificates(tmp_path / "host-ca")
    assert ("ssl-cert-file.crt" in names(tmp_path / "host-ca")) is gathered


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, local: Path) -> list[str]:
    """A host without the image, where nothing can be pulled; what was done."""
    done: list[str] = []

    def pulled() -> bool:
        done.append("pull")
        return False

    image = SimpleNamespace(exists=lambda name: False)
    monkeypatch.setattr(base_image, "docker", SimpleNamespace(image=image))
    monkeypatch.setattr(base_image, "_pulled", pulled)
    monkeypatch.setattr(base_image, "_debootstrap", lambda say: done.append("debootstrap"))
    monkeypatch.setattr(base_image, "privilege", list)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    return done


def test_an_image_that_is_there_is_used(
    monkeypatch: pytest.MonkeyPatch, steps: list[str], tmp_path: Path
) -> None:
    image = SimpleNamespace(exists=lambda name: name == base_image.BASE_IMAGE)
    monkeypatch.setattr(base_image, "docker", SimpleNamespace(image=image))
    ensure_base_image(tmp_path, str)
    assert steps == []
    assert (tmp_path / ".cache" / "host-ca" / "README").exists()


def test_an_image_that_can_be_pulled_is_not_made(
    monkeypatch: pytest.MonkeyPatch, steps: list[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(base_image, "_pulled", lambda: True)
    ensure_base_image(tmp_path, str)
    assert steps == []


def test_without_a_registry_it_is_made_here_and_said(steps: list[str], tmp_path: Path) -> None:
    said: list[str] = []
    ensure_base_image(tmp_path, said.append)
    assert steps == ["pull", "debootstrap"]
    assert any("on this machine with debootstrap" in line for line in said)


@pytest.mark.parametrize("lacks", ["root", "apt"])
def test_where_it_cannot_be_made_the_user_is_told(
    monkeypatch: pytest.MonkeyPatch, steps: list[str], tmp_path: Path, lacks: str
) -> None:
    if lacks == "root":
        monkeypatch.setattr(base_image, "privilege", lambda: None)
    else:
        monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CrayfishError) as raised:
        ensure_base_image(tmp_path, str)
    assert raised.value.exit_code == ExitCode.HOST
    assert "docker load" in (raised.value.hint or "")
    assert steps == ["pull"]


def pretend_docker(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    command = folder / "docker"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_silent_registry_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend_docker(monkeypatch, tmp_path, "exec sleep 30")
    monkeypatch.setattr(base_image, "_FIRST_WORD_S", 0.2)
    started = time.monotonic()
    assert not base_image._pulled()
    assert time.monotonic() - started < 10


def test_a_slow_registry_that_answers_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend_docker(monkeypatch, tmp_path, "echo 'Pulling from library'; sleep 1; echo done")
    monkeypatch.setattr(base_image, "_FIRST_WORD_S", 0.8)
    assert base_image._pulled()


def test_a_pull_that_fails_is_no_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend_docker(monkeypatch, tmp_path, "echo 'no such host' >&2; exit 1")
    assert not base_image._pulled()
