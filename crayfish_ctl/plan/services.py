"""What the compose fragments say of their services, before compose itself is asked.

So the plan can refuse what would end in the middle of a run: size classes that the profile does not
have, limits for size classes that no service has, faults for services that are not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog.explain import meant
from crayfish_ctl.catalog.labels import SIZE, labels_of, replica_names
from crayfish_ctl.catalog.reading import read_mapping
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from crayfish_ctl.catalog import Processor, Tool

    from .model import RunSpec
    from .plan import Plan

_LIMIT: Final = re.compile(r"\$\{([A-Z0-9_]+?)_(CPUS|MEMORY|WEIGHT|HEAP)\}")
_IMAGE: Final = re.compile(r"\$\{CRAYFISH_IMAGES\}/([^:\s\"']+)")
_OURS: Final = "CRAYFISH"
_COUNTS: Final = {
    "${CRAYFISH_INSTANCES}": "instances",
    "${TOOL_REPLICAS}": "replicas",
    "${CRAYFISH_BROKERS}": "brokers",
}
"""What a service's `deploy.replicas` may be -> the property of a cell that says how many."""


@dataclass(frozen=True)
class Service:
    """A service of a fragment."""

    size: str | None
    """Its size class; None if no label says it, which the rules of a stack refuse."""
    count: str | None
    """`instances`, `replicas` or `brokers` of the cell: so many there are; None: there is one."""


@dataclass(frozen=True)
class Fragment:
    """A file of compose/."""

    path: Path
    services: Mapping[str, Service]
    limits: frozenset[tuple[str, str]]
    """(size class, field of its resources) that it needs."""
    images: frozenset[str]
    """Folders of images/ that its services run; images of others are not among them."""


def read_fragment(path: Path) -> Fragment:
    """One fragment.

    Raises:
        CrayfishError: if it is not there, or no compose file.
    """
    if not path.is_file():
        raise CrayfishError(f"{path}: not there", hint="a processor's fragments lie in compose/")
    known = path.stat()
    return _parsed(path, known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=64)
def _parsed(path: Path, _changed_ns: int, _bytes: int) -> Fragment:
    """One plan asks for the same few files again and again."""
    services = read_mapping(path).get("services")
    if not isinstance(services, dict):
        raise CrayfishError(f"{path}: has no services")
    text = path.read_text(encoding="utf-8")
    return Fragment(
        path=path,
        services={
            str(name): Service(
                size=labels_of(body).get(SIZE) if isinstance(body, dict) else None,
                count=_COUNTS.get(_replicas(body)),
            )
            for name, body in services.items()
        },
        limits=_limits(text),
        images=frozenset(_IMAGE.findall(text)),
    )


def _replicas(body: object) -> str:
    deploy = body.get("deploy") if isinstance(body, dict) else None
    return str(deploy.get("replicas", "")) if isinstance(deploy, dict) else ""


def _limits(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(
        (name.lower().replace("_", "-"), field.lower())
        for name, field in _LIMIT.findall(text)
        if name != _OURS
    )


def check_services(plan: Plan) -> None:
    """Has every service its size class, and every limit and fault its service?

    Raises:
        CrayfishError: naming the profile or the experiment, the fragment and the service.
    """
    fragments: dict[str, Fragment] = {}
    for run in plan.runs:
        for name in plan.fragments(run.cell):
            if name not in fragments:
                fragments[name] = _named_by(plan, name)
    for name, fragment in fragments.items():
        _check_limits(plan, fragment)
        _check_images(plan, name, fragment)
    _check_image_folders(plan)
    known = {
        size
        for path in plan.roots.glob("compose/*.yaml")
        for size, _ in _limits(path.read_text(encoding="utf-8", errors="replace"))
    }
    profile, own = plan.profile.name, plan.sizing.resources
    for where, names in (
        (f"{plan.experiment.file}: profiles.{profile}.resources", set(own)),
        (f"{plan.profile.file}: resources", {*plan.profile.resources} - {*own}),
    ):
        for size in sorted(names - known):
            raise CrayfishError(
                f"{where}: {size}: no service of compose/ has this size class{meant(size, known)}",
                hint=f"there are {', '.join(sorted(known))}",
            )
    for run in plan.runs:
        services = _services(run, [fragments[name] for name in plan.fragments(run.cell)])
        check_faults(plan, run, services)


def _check_images(plan: Plan, name: str, fragment: Fragment) -> None:
    """What a fragment runs is among the images that are built."""
    for image in sorted(fragment.images - set(plan.images)):
        owner = next((where for where, o in _owners(plan) if name in _fragments(o)), "compose/")
        raise CrayfishError(
            f"{owner}: images: has no {image!r}, which {fragment.path.name} of compose/ runs",
            hint="list it, so that it is built before a run",
        )


def _check_image_folders(plan: Plan) -> None:
    """What is listed can be built."""
    folders = {path.parent.name for path in plan.roots.glob("images/*/Dockerfile")}
    for where, owner in _owners(plan):
        for image in owner.images:
            if folders and image not in folders:
                raise CrayfishError(
                    f"{where}: images: there is no images/{image}/Dockerfile"
                    f"{meant(image, folders)}",
                    hint=f"there are {', '.join(sorted(folders))}",
                )


def _owners(plan: Plan) -> Iterator[tuple[str, Processor | Tool]]:
    for processor in plan.processors.values():
        yield processor.file, processor
    for tool in plan.tools.values():
        yield tool.file, tool


def _fragments(owner: Processor | Tool) -> set[str]:
    return {*owner.fragments, *getattr(owner, "raw_fragments", [])}


def _named_by(plan: Plan, name: str) -> Fragment:
    """A fragment, or an error that says which config names it."""
    try:
        return read_fragment(plan.roots.fragment(name))
    except CrayfishError as error:
        owners = (f"{where}: fragments: " for where, o in _owners(plan) if name in _fragments(o))
        raise CrayfishError(f"{next(owners, '')}{error.message}", hint=error.hint) from None


def _check_limits(plan: Plan, fragment: Fragment) -> None:
    file, sizes = f"{fragment.path.name} of compose/", plan.profile.resources
    for name, service in fragment.services.items():
        if service.size is not None and service.size not in sizes:
            raise CrayfishError(
                f"{limits_of(plan, service.size)}: is not there, but {name} of {file} has this "
                f"size class ({SIZE}){meant(service.size, sizes)}",
                hint=f"the profile has {', '.join(sizes) or 'none'}; add "
                f"`{service.size}: {{cpus: 1.0, memory: 1g}}`, or choose one of these",
            )
    for size, field in sorted(fragment.limits):
        where, resources = limits_of(plan, size), sizes.get(size)
        if resources is None:
            raise CrayfishError(
                f"{where}: is not there, but {file} asks for ${{{_variable(size, field)}}}"
                f"{meant(size, sizes)}",
                hint=f"the profile has {', '.join(sizes) or 'none'}",
            )
        if getattr(resources, field) is None:
            raise CrayfishError(f"{where}: has no {field}, which {file} asks for")


def _variable(size: str, field: str) -> str:
    return f"{size}_{field}".upper().replace("-", "_")


def _services(run: RunSpec, fragments: Iterable[Fragment]) -> list[str]:
    names: list[str] = []
    for fragment in fragments:
        for name, service in fragment.services.items():
            containers = getattr(run.cell, service.count) if service.count else 1
            names += replica_names(name, containers)
    return names


def check_faults(plan: Plan, run: RunSpec, services: Iterable[str]) -> None:
    """Do the faults hit services that the run has, while it is measured?

    Raises:
        CrayfishError: naming the workload, the service, and those there are.
    """
    where = f"{plan.where(run.workload)}: faults"
    for fault in run.cell.faults:
        if fault.service == "kafka" and plan.kafka is not None:
            raise CrayfishError(
                f"{where}: kafka: the Kafka at {plan.kafka.address} is not of this experiment: "
                "nothing is done to it",
                hint="leave out --kafka, or let the fault hit another service",
            )
        if fault.service not in services:
            raise CrayfishError(
                f"{where}: {fault.service}: the stack has no such service"
                f"{meant(fault.service, services)}",
                hint=f"it has {', '.join(services)}",
            )
        ends = fault.at_seconds + (fault.seconds or 0.0)
        measured = _measured_seconds(run)
        if measured is not None and ends > measured:
            raise CrayfishError(
                f"{where}: {fault.service}: from {fault.at_seconds:g} s to {ends:g} s, but the "
                f"measured segment is over after {measured:g} s",
                hint="lower at_seconds or seconds, or raise stop.seconds (--seconds)",
            )


def _measured_seconds(run: RunSpec) -> float | None:
    """How long the schedule lasts; None if only the run itself will show it."""
    rate, stop = run.cell.rate, run.stop
    by_count = stop.count / rate if stop.count is not None and rate is not None else None
    known = [each for each in (stop.seconds, by_count) if each is not None]
    return min(known) if known and rate is not None else None


def limits_of(plan: Plan, size: str) -> str:
    """Where the limits of a size class stand: in the experiment's file, or in the profile's."""
    if size in plan.sizing.resources:
        return f"{plan.experiment.file}: profiles.{plan.profile.name}.resources.{size}"
    return f"{plan.profile.file}: resources.{size}"


def above_cores(plan: Plan, fragments: Iterable[Fragment], cores: int) -> list[str]:
    """A line for each size class in use whose limit is more than the machine has."""
    used = {service.size for fragment in fragments for service in fragment.services.values()}
    return [
        f"{limits_of(plan, size)}.cpus: {resources.cpus:g}, but this machine has {cores} cores: "
        "an engine here refuses that"
        for size, resources in plan.profile.resources.items()
        if size in used and resources.cpus > cores
    ]
