"""Where engines put containers in the tree, and what Prometheus gets of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from crayfish_cgroup_exporter.__main__ import ContainerCollector
from crayfish_cgroup_exporter.cgroups import read_usage
from crayfish_ctl.analysis import usage as analysis

if TYPE_CHECKING:
    from pathlib import Path

A, B = "a" * 64, "0123456789abcdef" * 4


def version_2(root: Path, folder: str, *, peak: bool = True, throttled: bool = True) -> None:
    (root / "cgroup.controllers").touch()
    path = root / folder
    path.mkdir(parents=True)
    quota = "nr_periods 10\nnr_throttled 4\nthrottled_usec 1500000\n" if throttled else ""
    (path / "cpu.stat").write_text(f"usage_usec 2500000\nuser_usec 1\n{quota}")
    (path / "memory.current").write_text("1000\n")
    (path / "memory.stat").write_text("anon 1\ninactive_file 300\n")
    if peak:
        (path / "memory.peak").write_text("2000\n")


@pytest.mark.parametrize(
    "folder",
    [
        "docker/{}",
        "system.slice/docker-{}.scope",
        "user.slice/user-1000.slice/user@1000.service/user.slice/docker-{}.scope",
        "machine.slice/libpod-{}.scope",
        "kubepods/burstable/pod1/{}",
    ],
)
def test_containers_are_found_where_engines_put_them(tmp_path: Path, folder: str) -> None:
    version_2(tmp_path, folder.format(A))
    assert [found.container_id for found in read_usage(tmp_path)] == [A]


@pytest.mark.parametrize(
    "folder",
    [
        "system.slice/ssh.service",
        f"docker/{A[:63]}",
        f"docker/{A}0",
        f"docker/{'g' * 64}",
        f"docker/{A.upper()}",
        f"a/b/c/d/e/f/{A}",
    ],
)
def test_nothing_else_is_a_container(tmp_path: Path, folder: str) -> None:
    version_2(tmp_path, folder)
    assert list(read_usage(tmp_path)) == []


def test_what_a_container_makes_below_itself_is_a_part_of_it(tmp_path: Path) -> None:
    version_2(tmp_path, f"docker/{A}")
    version_2(tmp_path, f"docker/{A}/docker/{B}")
    assert [found.container_id for found in read_usage(tmp_path)] == [A]


def test_an_older_kernel_has_no_peak_and_a_container_may_have_no_quota(tmp_path: Path) -> None:
    version_2(tmp_path, f"docker/{A}", peak=False, throttled=False)
    (found,) = read_usage(tmp_path)
    assert found.memory_peak_bytes == 1000
    assert (found.periods, found.throttled_periods, found.throttled_seconds) == (0, 0, 0.0)


def test_the_working_set_is_never_negative(tmp_path: Path) -> None:
    version_2(tmp_path, f"docker/{A}")
    (tmp_path / "docker" / A / "memory.stat").write_text("inactive_file 9999\n")
    (found,) = read_usage(tmp_path)
    assert found.memory_bytes == 0


def test_one_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    version_2(tmp_path, f"docker/{A}")
    version_2(tmp_path, f"docker/{B}")
    (tmp_path / "docker" / A / "cpu.stat").write_text("nonsense\n")
    assert [found.container_id for found in read_usage(tmp_path)] == [B]


def test_a_machine_without_the_tree_has_no_containers(tmp_path: Path) -> None:
    assert list(read_usage(tmp_path / "none")) == []


def test_prometheus_gets_the_series_that_the_analysis_reads(tmp_path: Path) -> None:
    version_2(tmp_path, f"docker/{A}")
    version_2(tmp_path, f"docker/{B}")
    registry = CollectorRegistry()
    registry.register(ContainerCollector(tmp_path))
    text = generate_latest(registry).decode()
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    expected = {
        analysis.CPU: 2.5,
        analysis.PERIODS: 10,
        analysis.THROTTLED_PERIODS: 4,
        analysis.THROTTLED: 1.5,
        analysis.WORKING_SET: 700,
        analysis.MAX_MEMORY: 2000,
    }
    assert {name: float(value) for name, value in samples.items()} == {
        f'{name}{{id="{id_}"}}': value for name, value in expected.items() for id_ in (A, B)
    }
