"""The labels of a fragment's service: what the controller must know, and compose has no word for.

No service is known by its name. What each label means to who writes a fragment: compose/README.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE: Final = "crayfish.role"
ROLES: Final = {
    "producer": "producer",
    "consumer": "consumer",
    "broker": "broker",
    "processor": "processor",
    "server": "server",
    "monitor": "monitoring",
}
"""What a service may be for -> the word for it in results."""
SIZE: Final = "crayfish.size"
"""The size class of the profile that gives the service its limits."""
LIFETIME: Final = "crayfish.lifetime"
LIFETIMES: Final = ("stack", "run")
METRICS: Final = "crayfish.metrics"
METRICS_INTERVAL: Final = "crayfish.metrics.interval"
"""How often it is scraped, if not each second."""
METRICS_PATH: Final = "crayfish.metrics.path"
"""Where on that port, if not at /metrics."""
EXITS: Final = "crayfish.exits"
OWN_CORES: Final = "crayfish.cores"
"""Value `own`: with cores set aside, the service has its own."""
IMAGE: Final = "crayfish.image"
"""Set by us: the name of a service's image, which is started by its id."""
SERVICE: Final = "crayfish.service"
"""Set by us: the service that a container is of."""
EVERYWHERE: Final = "crayfish.everywhere"
"""Set by us: a service that has a container on each node."""
OURS: Final = "crayfish.stack=true"
"""Set by us, on every container, network and volume of a stack: what lacks it is never removed."""
OURS_LABEL: Final = dict([OURS.split("=")])
"""The same, as a label is given."""


def labels_of(service: Mapping[str, Any]) -> dict[str, str]:
    """The labels of a service of a compose file, in either way that compose writes them."""
    found = service.get("labels") or {}
    if isinstance(found, dict):
        return {str(name): str(value) for name, value in found.items()}
    pairs = (str(each).partition("=") for each in found)
    return {name: value for name, _, value in pairs}


def replica_names(service: str, count: int) -> list[str]:
    """Of the containers of a service, in their order: `x`, `x-2`, `x-3`."""
    return [service, *(f"{service}-{number}" for number in range(2, count + 1))]


def role_in(service: Mapping[str, Any], pipeline: str) -> str:
    """What a service of a rendered stack is for, in the words of results.

    In pipeline `raw` a loop over the scorer is the processor, and what belongs to the processor's
    stack stands idle.
    """
    labels = labels_of(service)
    role = labels.get(ROLE, "")
    if pipeline == "raw" and role == "processor" and labels.get(LIFETIME) != "run":
        return "idle"
    return ROLES[role]
