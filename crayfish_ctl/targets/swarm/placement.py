"""Which service runs on which node: by the nodes' roles, and never left to chance.

A figure that depends on what the scheduler found free that day cannot be repeated. So each service
is bound to a node before anything starts: by the label of the nodes, or, where no node has one, by
a rule that puts the load generator by itself first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.catalog.labels import OWN_CORES, ROLE, labels_of
from crayfish_ctl.errors import CrayfishError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROLE_LABEL: Final = "crayfish.role"
"""Of a node: what it is for, one or several of `NODE_ROLES` with commas."""
NODE_ROLES: Final = ("load", "broker", "processor", "server", "monitor")
_ROLE_OF: Final = {
    "producer": "load",
    "consumer": "load",
    "broker": "broker",
    "processor": "processor",
    "server": "server",
    "monitor": "monitor",
}
"""Role of a service -> role of its node: both ends of the pipeline read one clock."""
_COUNTERS: Final = "/sys/fs/cgroup"
_ALONE: Final = (
    ("load", "monitor"),
    ("broker",),
    ("processor",),
    ("server",),
)
"""One node each, from four nodes on; further ones are the processor's."""
_FEWER: Final = {
    2: (("load", "monitor", "broker"), ("processor", "server")),
    3: (("load", "monitor"), ("broker", "server"), ("processor",)),
}


@dataclass(frozen=True)
class Place:
    """A node, as far as placing goes."""

    id: str
    name: str
    roles: tuple[str, ...]
    cores: float
    manager: bool = False


def roles_of(label: str | None, node: str) -> tuple[str, ...]:
    """What a node's label says.

    Raises:
        CrayfishError: if it names no role.
    """
    roles = tuple(part.strip() for part in (label or "").split(",") if part.strip())
    for role in roles:
        if role not in NODE_ROLES:
            raise CrayfishError(
                f"node {node}: label {ROLE_LABEL}: {role!r} is no role",
                hint=f"one or several of {', '.join(NODE_ROLES)}: `crayfish cluster label {node} "
                "ROLE...`",
                code=ExitCode.HOST,
            )
    return roles


def with_roles(places: Sequence[Place]) -> list[Place]:
    """The nodes with the roles that they will have.

    Args:
        places: managers first.

    Raises:
        CrayfishError: if there is one node alone, and it was not labelled: then the load generator
            would run beside what it measures, which somebody must want.
    """
    if any(place.roles for place in places):
        return list(places)
    if len(places) == 1:
        (one,) = places
        raise CrayfishError(
            f"node {one.name}: is the only node, and the load generator would run beside what it "
            "measures",
            hint="let more nodes join, use the target compose, or say that you want it: "
            f"`crayfish cluster label {one.name} {' '.join(NODE_ROLES)}`",
            code=ExitCode.HOST,
        )
    given = _FEWER.get(len(places)) or (
        *_ALONE,
        *((("processor",),) * (len(places) - len(_ALONE))),
    )
    return [
        Place(place.id, place.name, roles, place.cores, place.manager)
        for place, roles in zip(places, given, strict=True)
    ]


def everywhere(service: Mapping[str, Any]) -> bool:
    """Whether a service is needed on each node: it counts what the containers of its host use."""
    return any(volume.get("source") == _COUNTERS for volume in service.get("volumes", []))


def assign(services: Mapping[str, Mapping[str, Any]], places: Sequence[Place]) -> dict[str, Place]:
    """The node of each service that has one; those that are everywhere are left out.

    What scores is spread over the processor's nodes, replicas of a server over the server's,
    brokers over the broker's; all else is on the first node of its role.

    Args:
        services: by name, as compose resolved them; in this order they are dealt out.
        places: with their roles.

    Raises:
        CrayfishError: if a role has no node, or a service is given more cores than its node has.
    """
    found: dict[str, Place] = {}
    dealt: dict[str, int] = {}
    for name, service in services.items():
        if everywhere(service):
            continue
        labels = labels_of(service)
        role = _ROLE_OF[labels[ROLE]]
        fit = [place for place in places if role in place.roles]
        if not fit:
            raise CrayfishError(
                f"service {name}: no node has the role {role}",
                hint=f"`crayfish cluster label NODE {role}`",
                code=ExitCode.HOST,
            )
        if role in {"broker", "server"} or labels.get(OWN_CORES) == "own":
            number = dealt[role] = dealt.get(role, -1) + 1
            place = fit[number % len(fit)]
        else:
            place = fit[0]
        _check_cores(name, service, place)
        found[name] = place
    return found


def _check_cores(name: str, service: Mapping[str, Any], place: Place) -> None:
    cpus = float(service["deploy"]["resources"]["limits"].get("cpus") or 0)
    if cpus > place.cores:
        raise CrayfishError(
            f"service {name}: is given {cpus:g} cores, and node {place.name} has {place.cores:g}",
            hint="choose a smaller profile with --profile, or give its role to another node",
            code=ExitCode.USAGE,
        )
