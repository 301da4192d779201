"""`manifest.json`: everything that somebody needs to judge or to repeat an experiment."""

from __future__ import annotations

import os
import platform
from datetime import datetime  # noqa: TC003  # pydantic reads the annotation at run time
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import BaseModel, ConfigDict

from .model import RESULTS_VERSION
from .network import Network  # noqa: TC001  # likewise


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Host(_Frozen):
    """The machine that the containers ran on."""

    os: str
    kernel: str
    architecture: str
    cpu_model: str
    cores: int
    """Logical cores that this process may use."""
    memory_bytes: int
    python: str


class Engine(_Frozen):
    """The container engine."""

    name: str = "docker"
    node: str = ""
    """The host's name, where there are several."""
    roles: tuple[str, ...] = ()
    """What runs on it, where there are several."""
    version: str | None = None
    compose_version: str | None = None
    storage_driver: str | None = None
    cgroup_version: str | None = None
    cores: int | None = None
    """Of its machine, which need not be the controller's."""
    memory_bytes: int | None = None
    rootless: bool = False
    selinux: bool = False


class Image(_Frozen):
    """An image of the stack; what a tag meant on that day."""

    id: str
    digest: str | None = None
    """Of the registry it came from; None if it was built here."""
    size_bytes: int | None = None


class Root(_Frozen):
    """A folder that the experiment's parts come from."""

    path: str
    digest: str
    """SHA-256 over its configs/, compose/, images/ and tools/, and the files of the model that was
    used."""


class Git(_Frozen):
    """The state of Crayfish's own sources."""

    commit: str
    dirty: bool = False


class Manifest(_Frozen):
    """An experiment as a whole; the runs are in their own folders."""

    version: Literal[1] = RESULTS_VERSION
    experiment: str
    question: str = ""
    """What the experiment asks, in a sentence."""
    profile: str = ""
    target: str = "compose"
    started: datetime
    ended: datetime | None = None
    """None while it runs, or if it was killed."""
    resumed: tuple[datetime, ...] = ()
    command: tuple[str, ...] = ()
    """What was typed; repeats the experiment."""
    host: Host
    engine: Engine = Engine()
    """Of the machine that producer and consumer ran on."""
    nodes: tuple[Engine, ...] = ()
    """All of them, where there are several."""
    network: Network | None = None
    """Between them, as `crayfish cluster doctor` found it last; None: it has not looked."""
    images: dict[str, Image] = {}
    packages: dict[str, str] = {}
    """Versions of the controller's Python packages."""
    software: dict[str, str] = {}
    """Of each image, the versions that decide its figures; all that is in it: `packages.json`."""
    git: Git | None = None
    roots: tuple[Root, ...] = ()
    """The checkout, and the folders that were given beside it."""
    seeds: tuple[int, ...] = ()
    not_run: tuple[str, ...] = ()
    """Workloads that could not be run, each with the reason."""
    plan: dict[str, Any] = {}
    """The full configuration after all defaults and choices."""


def describe_host() -> Host:
    """The machine that this process runs on."""
    return Host(
        os=_os_name(),
        kernel=platform.release(),
        architecture=platform.machine(),
        cpu_model=_cpu_model(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=psutil.virtual_memory().total,
        python=platform.python_version(),
    )


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"
