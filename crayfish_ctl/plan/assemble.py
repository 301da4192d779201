"""Names looked up in the catalog, flags worked into the experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.catalog.experiment import TraceEntry
from crayfish_ctl.errors import CrayfishError

from .checks import check_choices
from .kafka import read_kafka
from .names import Names
from .plan import Plan
from .points import points_for
from .resize import resize
from .room import megabytes_of, with_room
from .systems import place
from .tls import read_certificates
from .trace import resolve_traces

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from crayfish_ctl.catalog import Catalog, Experiment

    from .choices import Choices


def assemble(
    catalog: Catalog, choices: Choices, experiment: Experiment, copies: Path | None
) -> Plan:
    """The plan without its runs; what its workloads ask for is not checked yet.

    Raises:
        CrayfishError: for a name that is none, saying who gives it; for a flag that nothing fits.
    """
    profile = catalog.profile(choices.profile)
    if choices.profile not in experiment.profiles:
        raise CrayfishError(
            f"{experiment.file}: profiles: has no {choices.profile!r}",
            hint=f"it has {', '.join(experiment.profiles) or 'none'}; choose with --profile",
        )
    names = Names(catalog, experiment, choices)
    model = names.model()
    sizing = experiment.profiles[choices.profile]
    known = model.name == experiment.defaults.model
    if not known and _can_run_bare(names):
        sizing = sizing.for_other_models()
    sizing, asked, left_out = resize(sizing, choices)
    placed, misfits = place(names, asked)
    sizing = sizing.model_copy(update={"workloads": [each.asked.entry for each in placed]})
    systems = tuple(each.system for each in placed)
    _check_servers(names, {system.tool for system in systems})
    processors = {system.processor: names.processor(system.processor) for system in systems}
    for each in processors.values():
        check_choices(each, choices)
    return Plan(
        experiment=experiment,
        profile=profile.model_copy(
            update={
                # What an experiment itself gives stays as it is.
                "resources": {
                    **with_room(profile.resources, megabytes_of(model, catalog.roots)),
                    **sizing.resources,
                },
                "cpu_limit": choices.cpu_limit or profile.cpu_limit,
            }
        ),
        processors=processors,
        tools={system.tool: names.tool(system.tool) for system in systems},
        model=model,
        # By name: what `all` means may be more when the experiment goes on.
        choices=choices.model_copy(
            update={
                "processors": tuple(names.asked_processors()),
                "tools": tuple(names.asked_tools()),
                "points": points_for(choices.points, model),
            }
        ),
        roots=catalog.roots,
        sizing=sizing,
        systems=systems,
        numbers=tuple(each.asked.number for each in placed),
        traces=resolve_traces(
            (e.arrivals for e in sizing.workloads if isinstance(e.arrivals, TraceEntry)), copies
        ),
        certificates=read_certificates(choices.server_tls, copies),
        kafka=read_kafka(choices, (each.pipeline for each in sizing.workloads), copies),
        left_out=(*left_out, *misfits),
    )


def _can_run_bare(names: Names) -> bool:
    """Whether a scorer can be run by itself, as it is to be for a model of unknown speed.

    Without that nobody knows how long a backlog lasts: then every model is measured alike.
    """
    processors = names.asked_processors() or [names.experiment.defaults.processor]
    return any("raw" in names.processor(each).pipelines for each in processors)


def _check_servers(names: Names, used: Collection[str]) -> None:
    """Is every server that the user has for a tool that is measured?"""
    for name, address in names.choices.servers.items():
        flag = f"--server {name}={address}"
        try:
            tool = names.catalog.tool(name)
        except CrayfishError as error:
            raise CrayfishError(f"{flag}: {error.message}", hint=error.hint) from None
        if tool.kind != "external":
            raise CrayfishError(f"{flag}: {name} computes in the processor itself")
        if name not in used:
            raise CrayfishError(
                f"{flag}: no workload uses {name}",
                hint=f"--tool {name} makes it the one that scores",
            )
