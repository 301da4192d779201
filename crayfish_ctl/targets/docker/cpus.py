"""How a CPU limit is kept: by the kernel's quota, by a short one, or by cores set aside.

A quota lets a container use its share of each period as it comes, by all its threads at once, and
then stand still for the rest. With the engine's period of 100 ms a JVM of many threads can be
frozen for tens of milliseconds, which is then its p99. A short period keeps the same share in
smaller pieces. Cores set aside freeze nobody, but leave everybody else with fewer of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.catalog.labels import OWN_CORES, labels_of
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.catalog.model import CpuLimit

_PERIOD_US: Final = 10_000
"""Of a short quota: the least share of it that the kernel takes is 1 ms, a tenth of a core."""


def limit_cpus(services: Mapping[str, dict[str, Any]], kind: CpuLimit, cores: int) -> None:
    """Say in each service how its limit is kept.

    Args:
        services: as `docker compose config` resolved them; changed in place.
        kind: of the limit.
        cores: of the engine's machine.

    Raises:
        CrayfishError: if there are too few cores to set some aside.
    """
    match kind:
        case "quota":
            return
        case "short-quota":
            for service in services.values():
                cpus = _take(service)
                service["cpu_period"] = _PERIOD_US
                service["cpu_quota"] = max(1000, round(cpus * _PERIOD_US))
        case "cores":
            _set_aside(services, cores)


def _set_aside(services: Mapping[str, dict[str, Any]], cores: int) -> None:
    own = [s for s in services.values() if labels_of(s).get(OWN_CORES) == "own"]
    first = cores
    for service in own:
        wanted = math.ceil(_take(service))
        first -= wanted
        service["cpuset"] = _range(first, first + wanted)
    if own and first < 1:
        raise CrayfishError(
            f"cpu_limit: cores: the engine has {cores} cores, and the processor alone is to have "
            f"{cores - first}: none is left for the others",
            hint="choose --cpu-limit short-quota, or a smaller profile",
        )
    for service in services.values():
        if "cpuset" not in service:
            service["cpuset"] = _range(0, first)


def _take(service: dict[str, Any]) -> float:
    """Remove the limit that the engine would keep by its own quota, and return it, cores."""
    return float(service["deploy"]["resources"]["limits"].pop("cpus"))


def _range(first: int, end: int) -> str:
    return str(first) if end == first + 1 else f"{first}-{end - 1}"


def limit_in_force(
    nano_cpus: int | None, quota_us: int | None, period_us: int | None, cpuset: str | None
) -> float | None:
    """The cores that a container may use, however the engine was told; None without a limit."""
    if nano_cpus:
        return nano_cpus / 1e9
    if quota_us and period_us:
        return quota_us / period_us
    return float(_count(cpuset)) if cpuset else None


def _count(cpuset: str) -> int:
    ends = (part.split("-") for part in cpuset.split(","))
    return sum(int(end[-1]) - int(end[0]) + 1 for end in ends)
