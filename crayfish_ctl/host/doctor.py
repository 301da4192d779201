"""What is there, what is missing, how to mend it: `crayfish doctor`, and the start of every run."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psutil
from python_on_whales import docker
from rich.table import Table

from crayfish_ctl.errors import CrayfishError, ExitCode

from . import apt, engine
from .shell import privilege

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from .shell import Say

_DISK_GIB = 12
"""Images take 6 GiB; the rest is for layers, Kafka's log and the results."""
_MEMORY_GIB = 6
_CORES = 2
_COMPOSE = (2, 20)
_GIB = 2**30
_FAST_CLOCKS = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "unknown"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warn", "missing"]
    found: str
    mend: str = ""
    """What to do about it, if it is not ok."""


def examine(root: Path) -> list[Finding]:
    """Look at everything; changes nothing."""
    info = engine.engine_info()
    return [
        _python(),
        _engine(info),
        *([_compose(), _buildx()] if info else []),
        _disk(info, root),
        _machine(info),
        _clock(),
        *([_base_image()] if info else []),
    ]


def mend(findings: Sequence[Finding], say: Say) -> None:
    """Install and start an engine if, and only if, none answers.

    Raises:
        CrayfishError: if something is missing that only a person can mend; says what.
    """
    missing = {finding.name: finding for finding in findings if finding.state == "missing"}
    if not missing:
        return
    others = [finding for name, finding in missing.items() if name != "engine"]
    if others:
        raise CrayfishError(
            "\n".join(f"{f.name}: {f.found}" for f in others),
            hint="\n".join(f.mend for f in others),
            code=ExitCode.HOST,
        )
    if os.environ.get("DOCKER_HOST"):
        raise CrayfishError(
            f"DOCKER_HOST is {os.environ['DOCKER_HOST']}, and no engine answers there: "
            f"{missing['engine'].found}",
            hint="start that engine, or unset DOCKER_HOST",
            code=ExitCode.HOST,
        )
    wanted = apt.recipe()
    if wanted is None or privilege() is None or not shutil.which("apt-get"):
        raise CrayfishError(
            f"no container engine answers: {missing['engine'].found}",
            hint="install Docker Engine 20.10 or newer with the compose (v2.20+) and buildx "
            "plugins, start it, and try again",
            code=ExitCode.HOST,
        )
    if shutil.which("dockerd") is None or not _plugins_installed():
        say("no container engine answers: installing one with apt")
        apt.install(wanted, say)
    say("starting the container engine")
    engine.start(say)


def _plugins_installed() -> bool:
    return bool(engine.plugin_version("compose") and engine.plugin_version("buildx"))


def show(findings: Sequence[Finding], console: Console) -> None:
    """A table, and below it what to do."""
    table = Table(show_header=False, box=None)
    marks = {"ok": "[green]ok[/]", "warn": "[yellow]note[/]", "missing": "[red]missing[/]"}
    for finding in findings:
        table.add_row(marks[finding.state], finding.name, finding.found)
    console.print(table)
    for finding in findings:
        if finding.state != "ok":
            console.print(f"{finding.name}: {finding.mend}", markup=False)


def _python() -> Finding:
    return Finding("python", "ok", platform.python_version())


def _engine(info: Any) -> Finding:
    if info is None:
        return Finding(
            "engine",
            "missing",
            engine.engine_error(),
            "`crayfish doctor --mend` installs and starts one on Debian and Ubuntu; elsewhere "
            "install Docker Engine with the compose and buildx plugins",
        )
    return Finding("engine", "ok", f"{info.server_version}, {info.driver}")


def _compose() -> Finding:
    version = engine.plugin_version("compose")
    how = "install the compose v2 plugin (Debian: docker-compose 2.x; Ubuntu: docker-compose-v2)"
    if version is None:
        return Finding("compose", "missing", "`docker compose` is not there", how)
    numbers = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    return Finding("compose", "ok" if numbers >= _COMPOSE else "missing", version, how)


def _buildx() -> Finding:
    version = engine.plugin_version("buildx")
    if version is None:
        return Finding(
            "buildx", "missing", "`docker buildx` is not there", "install the buildx plugin"
        )
    return Finding("buildx", "ok", version.split("/")[-1])


def _disk(info: Any, root: Path) -> Finding:
    folder = Path(info.docker_root_dir) if info is not None and info.docker_root_dir else root
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / _GIB
    # Images that are built already need no room a second time.
    needed = 2 if info is not None and docker.image.exists("crayfish/flink") else _DISK_GIB
    state: Literal["ok", "missing"] = "ok" if free >= needed else "missing"
    return Finding(
        "disk", state, f"{free:.0f} GiB free under {folder}", f"make {needed} GiB of room there"
    )


def _machine(info: Any) -> Finding:
    cores = info.n_cpu if info is not None and getattr(info, "n_cpu", None) else os.cpu_count() or 1
    memory = psutil.virtual_memory().total / _GIB
    state: Literal["ok", "warn"] = "ok" if cores >= _CORES and memory >= _MEMORY_GIB else "warn"
    return Finding(
        "machine",
        state,
        f"{cores} cores, {memory:.0f} GiB of memory",
        f"profile laptop wants {_CORES} cores and {_MEMORY_GIB} GiB; runs may be INVALID",
    )


def _clock() -> Finding:
    """A slow clock source is read by a system call, millions of times in a run."""
    path = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    source = path.read_text().strip() if path.exists() else "unknown"
    fast = source in {
        "tsc",
        "kvm-clock",
        "hyperv_clocksource_tsc_page",
        "arch_sys_counter",
        "unknown",
    }
    return Finding(
        "clock",
        "ok" if fast else "warn",
        source,
        "a slow clock source adds to every timestamp; prefer tsc",
    )


def _base_image() -> Finding:
    name = "debian:bookworm-slim"
    if docker.image.exists(name):
        return Finding("base image", "ok", name)
    return Finding(
        "base image", "warn", f"{name} is not here yet", "the next run pulls it or makes it"
    )
