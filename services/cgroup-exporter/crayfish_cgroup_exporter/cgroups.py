"""Reading the cgroup files of containers, version 1 and version 2.

Sources: kernel documentation, admin-guide/cgroup-v1 (cpuacct, memory) and admin-guide/cgroup-v2
(cpu.stat, memory.current, memory.peak); scheduler/sched-bwc (nr_periods, nr_throttled).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONTAINER = re.compile(r"(?:^|-)([0-9a-f]{64})(?:\.scope)?$")
_MAX_DEPTH = 5
"""docker/<id>, system.slice/docker-<id>.scope, kubepods/.../<id>: none lies deeper."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Counters of one container; seconds and bytes."""

    container_id: str
    cpu_seconds: float
    periods: int
    throttled_periods: int
    throttled_seconds: float
    memory_bytes: int
    """Working set: usage without the page cache that the kernel would drop first."""
    memory_peak_bytes: int


def read_usage(root: Path) -> Iterator[Usage]:
    """Every container below a mounted cgroup file system; those that just died are left out."""
    version2 = (root / "cgroup.controllers").exists()
    tree, read = (root, _usage_v2) if version2 else (root / "memory", _usage_v1(root))
    for container_id, folder in _containers(tree):
        try:
            yield read(container_id, folder)
        except (OSError, KeyError, ValueError):
            continue


def _containers(tree: Path) -> Iterator[tuple[str, Path]]:
    depth = len(tree.parts)
    for folder, below, _ in os.walk(tree):
        path = Path(folder)
        if match := _CONTAINER.search(path.name):
            below.clear()
            yield match.group(1), path
        elif len(path.parts) - depth >= _MAX_DEPTH:
            below.clear()


def _number(path: Path) -> int:
    return int(path.read_text())


def _fields(path: Path) -> dict[str, int]:
    return {name: int(value) for name, value in map(str.split, path.read_text().splitlines())}


def _usage_v2(container_id: str, folder: Path) -> Usage:
    cpu = _fields(folder / "cpu.stat")
    current = _number(folder / "memory.current")
    peak = folder / "memory.peak"  # since kernel 5.19
    return Usage(
        container_id=container_id,
        cpu_seconds=cpu["usage_usec"] / 1e6,
        periods=cpu.get("nr_periods", 0),
        throttled_periods=cpu.get("nr_throttled", 0),
        throttled_seconds=cpu.get("throttled_usec", 0) / 1e6,
        memory_bytes=max(0, current - _fields(folder / "memory.stat")["inactive_file"]),
        memory_peak_bytes=_number(peak) if peak.exists() else current,
    )


def _usage_v1(root: Path) -> Callable[[str, Path], Usage]:
    def read(container_id: str, folder: Path) -> Usage:
        inside = folder.relative_to(root / "memory")
        cpu = _fields(root / "cpu" / inside / "cpu.stat")
        current = _number(folder / "memory.usage_in_bytes")
        return Usage(
            container_id=container_id,
            cpu_seconds=_number(root / "cpuacct" / inside / "cpuacct.usage") / 1e9,
            periods=cpu["nr_periods"],
            throttled_periods=cpu["nr_throttled"],
            throttled_seconds=cpu["throttled_time"] / 1e9,
            memory_bytes=max(0, current - _fields(folder / "memory.stat")["total_inactive_file"]),
            memory_peak_bytes=_number(folder / "memory.max_usage_in_bytes"),
        )

    return read
