"""What `examine` looks at: one function each; none changes anything."""

from __future__ import annotations

import os
import platform
import re
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psutil
from python_on_whales import docker

from . import engine
from .base_image import BASE_IMAGE

_DISK_GIB = 12
"""Images take 6 GiB; the rest is for layers, Kafka's log and the results."""
_WORK_GIB = 2
"""An engine's packages, or the logs of a run whose images are there."""
_RESULTS_GIB = 1
_MEMORY_GIB = 6
_CORES = 2
_COMPOSE = (2, 20)
_STEAL_PERCENT = 2.0
_BASE_DAYS = 90
_GIB = 2**30
_FAST_CLOCKS = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"}
_CLOCK = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_CGROUP_V2 = Path("/sys/fs/cgroup/cgroup.controllers")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warn", "missing"]
    found: str
    mend: str = ""
    """What to do about it, if it is not ok."""
    ours: bool = False
    """Whether `mend` can do that."""


def python() -> Finding:
    """The controller's own interpreter."""
    return Finding("python", "ok", platform.python_version())


def container_engine(info: Any, error: str | None) -> Finding:
    """Whether an engine answers, and which."""
    if info is None:
        return Finding(
            "engine",
            "missing",
            error or "no answer",
            "`crayfish doctor --mend` installs and starts one on Debian and Ubuntu; elsewhere "
            "install Docker Engine with the compose and buildx plugins",
            ours=True,
        )
    cgroups = 2 if _CGROUP_V2.exists() else 1
    return Finding("engine", "ok", f"{info.server_version}, {info.driver}, cgroup v{cgroups}")


def compose() -> Finding:
    """The compose plugin, new enough."""
    version = engine.plugin_version("compose")
    how = "install the compose v2 plugin (Debian: docker-compose 2.x; Ubuntu: docker-compose-v2)"
    if version is None:
        return Finding("compose", "missing", "`docker compose` is not there", how)
    return Finding("compose", "ok" if compose_is_new_enough(version) else "missing", version, how)


def compose_is_new_enough(version: str | None) -> bool:
    """Whether the fragments' syntax is known to this version of compose."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version or "")[:2])
    return numbers >= _COMPOSE


def buildx() -> Finding:
    """The buildx plugin."""
    version = engine.plugin_version("buildx")
    if version is None:
        return Finding(
            "buildx", "missing", "`docker buildx` is not there", "install the buildx plugin"
        )
    return Finding("buildx", "ok", version)


def disk(info: Any) -> Finding:
    """Room where the engine keeps images and volumes."""
    if info is None:
        # Which images are built is known only once an engine answers: then one looks again.
        return _room("disk", Path("/var/lib/docker"), _WORK_GIB)
    folder = Path(info.docker_root_dir)
    if not folder.exists():
        return Finding("disk", "ok", f"{folder} is not on this machine: not looked at")
    # Images that are built already need no room a second time.
    built = docker.image.exists("crayfish/flink")
    found = _room("disk", folder, _WORK_GIB if built else _DISK_GIB)
    return found if found.state == "ok" else replace(found, mend=f"{found.mend}{_build_cache()}")


def _build_cache() -> str:
    """What the builder keeps of earlier builds is often most of a full disk, and nobody sees it."""
    cache = docker.system.disk_free().build_cache
    gib = (cache.reclaimable or 0) / _GIB
    return f"; `docker builder prune` frees {gib:.0f} GiB of build cache" if gib >= 1 else ""


def results_disk(root: Path) -> Finding:
    """Room where the results are written."""
    return _room("results", root / "results", _RESULTS_GIB)


def _room(name: str, folder: Path, needed: float) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / _GIB
    return Finding(
        name,
        "ok" if free >= needed else "missing",
        f"{free:.0f} GiB free under {folder}",
        f"make {needed:.0f} GiB of room there",
    )


def machine(info: Any) -> Finding:
    """Cores and memory, as the engine has them."""
    cores = (info.n_cpu if info is not None else None) or os.cpu_count() or 1
    total = (info.mem_total if info is not None else None) or psutil.virtual_memory().total
    memory = total / _GIB
    return Finding(
        "machine",
        "ok" if cores >= _CORES and memory >= _MEMORY_GIB else "warn",
        f"{cores} cores, {memory:.0f} GiB of memory",
        f"profile laptop wants {_CORES} cores and {_MEMORY_GIB} GiB; runs may be INVALID",
    )


def clock(path: Path = _CLOCK) -> Finding:
    """A slow clock source is read by a system call, millions of times in a run."""
    source = path.read_text().strip() if path.exists() else "unknown"
    return Finding(
        "clock",
        "ok" if source in {*_FAST_CLOCKS, "unknown"} else "warn",
        source,
        "a slow clock source adds to every timestamp; prefer tsc",
    )


def frequency(path: Path = _GOVERNOR) -> Finding | None:
    """The policy that sets the cores' frequency; None where the machine does not show it."""
    try:
        governor = path.read_text().strip()
    except OSError:
        return None
    return Finding(
        "frequency",
        "ok" if governor == "performance" else "warn",
        f"governor {governor}",
        "cores change their speed with the load: compare runs only with the governor performance",
    )


def steal() -> Finding | None:
    """Time since boot that the hypervisor gave to others; None where it is not counted."""
    times = psutil.cpu_times()
    if not hasattr(times, "steal"):
        return None
    percent = 100 * times.steal / max(sum(times), 1e-9)
    return Finding(
        "steal",
        "ok" if percent < _STEAL_PERCENT else "warn",
        f"{percent:.1f} % of the time since boot",
        "other machines on the same host take this one's cores: expect wide intervals",
    )


def base_image() -> Finding:
    """The image that all of ours start from."""
    if docker.image.exists(BASE_IMAGE):
        days = (datetime.now(UTC) - docker.image.inspect(BASE_IMAGE).created).days
        return Finding(
            "base image",
            "ok" if days <= _BASE_DAYS else "warn",
            f"{BASE_IMAGE}, {days} days old",
            f"it lacks the security fixes since: `docker rmi {BASE_IMAGE}`, then `crayfish images` "
            "(between two experiments that are to be compared, leave it)",
        )
    return Finding(
        "base image",
        "warn",
        f"{BASE_IMAGE} is not here yet",
        "the next run pulls it or makes it",
        ours=True,
    )
