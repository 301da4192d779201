"""What a compose fragment must say and must not ask for, whoever wrote it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.catalog.labels import LIFETIME, LIFETIMES, ROLE, ROLES, SIZE, labels_of
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POWERS: Final = ("cap_add", "devices")
_OWN_SPACES: Final = ("network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup")
"""Namespaces that a service may ask to share with the host."""
_COUNTERS: Final = "/sys/fs/cgroup"
_COUNTED: Final = (_COUNTERS, "/sys/class/net", "/sys/devices")
"""What the exporter counts from; anything else of the host's system is nobody's business. Of
/sys/devices every container sees all but the network devices in any case."""
_MENDED: Final = ", ".join(_COUNTED)
_SYSTEM: Final = ("bin", "boot", "dev", "etc", "proc", "root", "run", "sys", "usr", "var")
_WHOLLY: Final = ("boot", "dev", "etc", "proc", "run", "sys")
"""Of these, what lies in them as well; a checkout may well be under /root or /var."""


def check_service(name: str, service: Mapping[str, Any]) -> None:
    """The rules of docs/architecture.md.

    Args:
        name: of the service.
        service: as `docker compose config` resolved it.

    Raises:
        CrayfishError: naming the service, what breaks a rule, and what to write instead.
    """
    for broken, mend in (
        *_limits(service),
        *_labels(service),
        *_privileges(service),
        *_ports(service),
        *_mounts(service),
    ):
        raise CrayfishError(f"compose fragment: services.{name}: {broken}", hint=mend)


def _limits(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    for limit in ("cpus", "memory"):
        if not limits.get(limit):
            yield (
                f"has no deploy.resources.limits.{limit}",
                f"add it, with the figure of its size class: ${{WORKER_{limit.upper()}}}",
            )


def _labels(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    labels = labels_of(service)
    for label, values in ((ROLE, tuple(ROLES)), (LIFETIME, LIFETIMES)):
        found = labels.get(label)
        if found not in values:
            said = f"has no label {label}" if found is None else f"has the label {label}: {found}"
            yield said, f"{', '.join(values[:-1])} or {values[-1]}; see compose/README.md"
    if not labels.get(SIZE):
        yield f"has no label {SIZE}", "name a size class of the profile; see compose/README.md"


def _privileges(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if service.get("privileged"):
        yield "is privileged", "no component needs that"
    for key in _POWERS:
        if service.get(key):
            yield f"asks for {key}: {service[key]}", "no component needs that"
    for key in _OWN_SPACES:
        if service.get(key) == "host":
            yield f"shares the host's own space: {key}: host", "leave it out"


def _ports(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for port in service.get("ports", []):
        if port.get("host_ip") != "127.0.0.1":
            yield "publishes a port beyond 127.0.0.1", 'write "127.0.0.1::PORT"'
        if port.get("published") not in {None, "", "0"}:
            yield f"publishes the fixed port {port['published']}", 'write "127.0.0.1::PORT"'


def _mounts(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for volume in service.get("volumes", []):
        if volume.get("type", "bind") != "bind":
            continue
        source = PurePosixPath(str(volume.get("source", "")))
        if source.suffix == ".sock":
            yield f"mounts a socket, {source}", f"read what you need from {_COUNTERS}"
        elif _is_the_systems(source) and not (str(source) in _COUNTED and volume.get("read_only")):
            yield (
                f"mounts {source} of the host",
                f"mount folders of the experiment, the run, the models; {_MENDED} read-only",
            )


def _is_the_systems(source: PurePosixPath) -> bool:
    parts = source.parts[1:]
    return (
        not parts
        or parts[0] in _WHOLLY
        or (len(parts) == 1 and parts[0] in _SYSTEM)
        or (str(source) == "/var/run")
    )
