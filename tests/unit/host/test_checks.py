from __future__ import annotations

import shutil
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil
import pytest
from rich.console import Console

from crayfish_ctl.catalog import Roots
from crayfish_ctl.host import Finding, checks, doctor, engine, examine, show

if TYPE_CHECKING:
    from pathlib import Path

GIB = 2**30


class Times(NamedTuple):
    user: float
    idle: float
    steal: float


def free(monkeypatch: pytest.MonkeyPatch, gib: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=int(gib * GIB)))


def has_images(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    image = SimpleNamespace(exists=lambda name: name in names)
    cache = SimpleNamespace(reclaimable=51 * GIB)
    system = SimpleNamespace(disk_free=lambda: SimpleNamespace(build_cache=cache))
    monkeypatch.setattr(checks, "docker", SimpleNamespace(image=image, system=system))


@pytest.mark.parametrize(("gib", "state"), [(12.5, "ok"), (11.5, "missing")])
def test_disk_wants_room_for_the_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gib: float, state: str
) -> None:
    free(monkeypatch, gib)
    has_images(monkeypatch)
    assert checks.disk(SimpleNamespace(docker_root_dir=str(tmp_path))).state == state


@pytest.mark.parametrize(("gib", "state"), [(2.5, "ok"), (1.5, "missing")])
def test_an_engine_that_does_not_answer_may_have_the_images(
    monkeypatch: pytest.MonkeyPatch, gib: float, state: str
) -> None:
    free(monkeypatch, gib)
    assert checks.disk(None).state == state


def test_a_full_disk_names_the_build_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free(monkeypatch, 1)
    has_images(monkeypatch)
    finding = checks.disk(SimpleNamespace(docker_root_dir=str(tmp_path)))
    assert finding.mend.endswith("`docker builder prune` frees 51 GiB of build cache")


def test_disk_wants_less_once_the_images_are_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    info = SimpleNamespace(docker_root_dir=str(tmp_path))
    free(monkeypatch, 3)
    has_images(monkeypatch)
    assert checks.disk(info).state == "missing"
    has_images(monkeypatch, "crayfish/flink")
    assert checks.disk(info).state == "ok"


def test_the_disk_of_a_remote_engine_is_not_this_machines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free(monkeypatch, 0)
    finding = checks.disk(SimpleNamespace(docker_root_dir=str(tmp_path / "elsewhere")))
    assert finding.state == "ok"
    assert "not on this machine" in finding.found


def test_results_folder_need_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free(monkeypatch, 0.5)
    finding = checks.results_disk(tmp_path)
    assert finding.state == "missing"
    assert str(tmp_path) in finding.found


@pytest.mark.parametrize(
    ("cores", "gib", "state"), [(2, 6, "ok"), (1, 64, "warn"), (16, 4, "warn")]
)
def test_machine(cores: int, gib: int, state: str) -> None:
    finding = checks.machine(SimpleNamespace(n_cpu=cores, mem_total=gib * GIB))
    assert finding.state == state
    assert f"{cores} cores, {gib} GiB" in finding.found


@pytest.mark.parametrize(("source", "state"), [("tsc\n", "ok"), ("hpet\n", "warn"), (None, "ok")])
def test_clock(tmp_path: Path, source: str | None, state: str) -> None:
    path = tmp_path / "current_clocksource"
    if source is not None:
        path.write_text(source)
    assert checks.clock(path).state == state


@pytest.mark.parametrize(("governor", "state"), [("performance\n", "ok"), ("powersave\n", "warn")])
def test_frequency(tmp_path: Path, governor: str, state: str) -> None:
    path = tmp_path / "scaling_governor"
    path.write_text(governor)
    finding = checks.frequency(path)
    assert finding is not None
    assert finding.state == state


def test_a_machine_that_hides_its_governor_has_no_finding(tmp_path: Path) -> None:
    assert checks.frequency(tmp_path / "scaling_governor") is None


@pytest.mark.parametrize(("stolen", "state"), [(1.0, "ok"), (5.0, "warn")])
def test_steal(monkeypatch: pytest.MonkeyPatch, stolen: float, state: str) -> None:
    monkeypatch.setattr(psutil, "cpu_times", lambda: Times(50, 50 - stolen, stolen))
    finding = checks.steal()
    assert finding is not None
    assert finding.state == state
    assert f"{stolen:.1f} %" in finding.found


def test_examine_without_an_engine_asks_it_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def forbidden(*_: Any) -> None:
        raise AssertionError("no engine answers")

    monkeypatch.setattr(engine, "engine_info", lambda: None)
    monkeypatch.setattr(engine, "engine_error", lambda: "there is no docker command")
    monkeypatch.setattr(engine, "plugin_version", forbidden)
    monkeypatch.setattr(checks, "docker", SimpleNamespace(image=SimpleNamespace(exists=forbidden)))
    found = {finding.name: finding for finding in examine(Roots((tmp_path,)))}
    assert found["engine"].state == "missing"
    assert found["engine"].found == "there is no docker command"
    assert found["engine"].ours
    assert not {"compose", "buildx", "base image"} & set(found)


def test_examine_with_an_engine_looks_at_its_plugins_and_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    info = SimpleNamespace(
        server_version="20.10.24",
        driver="overlay2",
        docker_root_dir=str(tmp_path),
        n_cpu=4,
        mem_total=8 * GIB,
    )
    monkeypatch.setattr(engine, "engine_info", lambda: info)
    monkeypatch.setattr(
        engine, "plugin_version", lambda name: {"compose": "1.29.2", "buildx": None}[name]
    )
    has_images(monkeypatch)
    free(monkeypatch, 100)
    found = {finding.name: finding for finding in examine(Roots((tmp_path,)))}
    assert found["engine"].state == "ok"
    assert "20.10.24, overlay2, cgroup v" in found["engine"].found
    assert (found["compose"].state, found["compose"].found) == ("missing", "1.29.2")
    assert found["buildx"].state == "missing"
    assert found["base image"].state == "warn"


def test_show_says_how_to_mend_only_what_is_not_ok() -> None:
    out = StringIO()
    findings = [
        Finding("clock", "ok", "tsc", "prefer tsc"),
        Finding("disk", "missing", "1 GiB free under [a]", "make room in [a]"),
        Finding("steal", "warn", "9.0 %", "expect wide intervals"),
    ]
    show(findings, Console(file=out, width=100))
    text = out.getvalue()
    assert "prefer tsc" not in text
    assert "disk: make room in [a]" in text
    assert "steal: expect wide intervals" in text
    assert "1 GiB free under [a]" in text
    assert doctor.show is show
