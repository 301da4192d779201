"""Both versions of the cgroup file system, as the kernel lays them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_cgroup_exporter.cgroups import Usage, read_usage

if TYPE_CHECKING:
    from pathlib import Path

ID = "ab" * 32


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


EXPECTED = Usage(ID, 12.5, 100, 7, 0.25, 300, 900)


def test_version_1(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            f"cpuacct/docker/{ID}/cpuacct.usage": "12500000000\n",
            f"cpu/docker/{ID}/cpu.stat": "nr_periods 100\nnr_throttled 7\n"
            "throttled_time 250000000\n",
            f"memory/docker/{ID}/memory.usage_in_bytes": "500\n",
            f"memory/docker/{ID}/memory.max_usage_in_bytes": "900\n",
            f"memory/docker/{ID}/memory.stat": "cache 1\ntotal_inactive_file 200\n",
        },
    )
    assert list(read_usage(tmp_path)) == [EXPECTED]


def test_version_2(tmp_path: Path) -> None:
    folder = f"system.slice/docker-{ID}.scope"
    write(
        tmp_path,
        {
            "cgroup.controllers": "cpu memory\n",
            f"{folder}/cpu.stat": "usage_usec 12500000\nnr_periods 100\nnr_throttled 7\n"
            "throttled_usec 250000\n",
            f"{folder}/memory.current": "500\n",
            f"{folder}/memory.peak": "900\n",
            f"{folder}/memory.stat": "inactive_file 200\n",
        },
    )
    assert list(read_usage(tmp_path)) == [EXPECTED]


def test_a_container_that_just_died_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"cgroup.controllers": "", f"docker/{ID}/cpu.stat": "usage_usec 1\n"})
    assert list(read_usage(tmp_path)) == []
