"""Names looked up in the catalog, flags worked into the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from crayfish_ctl.catalog.experiment import TraceEntry
from crayfish_ctl.errors import CrayfishError

from .checks import check_choices
from .expand import runtime_on
from .fit import fitting
from .plan import Plan
from .resize import resize
from .trace import resolve_traces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crayfish_ctl.catalog import Catalog, Experiment

    from .choices import Choices

T = TypeVar("T")


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
    defaults = experiment.defaults
    processor, tool = choices.processor or defaults.processor, choices.tool or defaults.tool
    sizing, asked, left_out = resize(experiment.profiles[choices.profile], choices)
    if choices.processor not in {None, defaults.processor}:
        chosen = catalog.processor(processor)
        runtime = runtime_on(chosen, choices.runtime, defaults.runtime)
        kept, misfits = fitting(asked, chosen, runtime)
        if kept:  # if nothing fits, the checks below say why
            asked, left_out = kept, [*left_out, *misfits]
            sizing = sizing.model_copy(update={"workloads": [each.entry for each in asked]})
    named = _Names(experiment, choices)
    processors = {
        name: named.find(catalog.processor, "processor", name)
        for name in dict.fromkeys(each.entry.processor or processor for each in asked)
    }
    for each in processors.values():
        check_choices(each, choices)
    return Plan(
        experiment=experiment,
        profile=profile.model_copy(
            update={
                "resources": {**profile.resources, **sizing.resources},
                "cpu_limit": choices.cpu_limit or profile.cpu_limit,
            }
        ),
        processor=processor,
        processors=processors,
        tool=tool,
        tools={
            name: named.find(catalog.tool, "tool", name)
            for name in dict.fromkeys(each.entry.tool or tool for each in asked)
        },
        model=named.find(catalog.model, "model", choices.model or defaults.model),
        runtime=choices.runtime or defaults.runtime,
        choices=choices,
        roots=catalog.roots,
        sizing=sizing,
        numbers=tuple(each.number for each in asked),
        traces=resolve_traces(
            (e.arrivals for e in sizing.workloads if isinstance(e.arrivals, TraceEntry)), copies
        ),
        left_out=tuple(left_out),
    )


@dataclass(frozen=True)
class _Names:
    """Who has named a processor, a tool or a model: a flag, or the experiment's file."""

    experiment: Experiment
    choices: Choices

    def find(self, find: Callable[[str], T], kind: str, name: str) -> T:
        """What is called so; the error says who asks for it."""
        try:
            return find(name)
        except CrayfishError as error:
            flag = "--sp" if kind == "processor" else f"--{kind}"
            by = flag if getattr(self.choices, kind) == name else f"{self.experiment.file}: {kind}"
            raise CrayfishError(f"{by}: {error.message}", hint=error.hint) from None
