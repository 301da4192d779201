"""Which systems an experiment's workloads run on: its own, or those that flags ask for.

Flags take lists, and every supported combination of them is a system. A workload runs on each of
them, except where it names a processor, a runtime or a tool itself: there the flags only decide
whether it runs at all. What is not supported, or does not fit, is left out with its reason. If that
is everything, nothing is left out, and the checks of the plan say what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crayfish_ctl.catalog import RUNTIMES, System, unsupported
from crayfish_ctl.errors import CrayfishError

from .asked import name_of
from .calls import why_no_call
from .choices import parse_parallelism
from .names import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crayfish_ctl.catalog import Processor, WorkloadEntry
    from crayfish_ctl.catalog.model import Runtime

    from .asked import Asked
    from .names import Names


@dataclass(frozen=True)
class Placed:
    """A workload, and the system that it runs on."""

    asked: Asked
    system: System


def place(names: Names, workloads: Sequence[Asked]) -> tuple[list[Placed], list[str]]:
    """Every workload on every system, one system after the other.

    Args:
        names: what exists, and what the flags ask for.
        workloads: of the experiment, with the other flags in them.

    Returns:
        The workloads with their systems, and why others are left out.

    Raises:
        CrayfishError: for a name that is none, saying who gives it; if the flags ask for nothing
            that there is.
    """
    chosen, left_out = _chosen(names)
    every = [
        Placed(each, own)
        for system in chosen
        for each in workloads
        for own in _own(names, each.entry, system)
    ]
    asked_for = [placed for placed in every if not _narrowed_away(names, placed)]
    if not asked_for:
        named = dict.fromkeys(" ".join(placed.system) for placed in every)
        raise CrayfishError(
            f"{names.experiment.file}: no workload is for what the flags ask for",
            hint=f"its workloads name {', '.join(named)}: choose among these with --sp, --runtime "
            "and --tool",
        )
    kept: list[Placed] = []
    for placed in asked_for:
        reason = _unfit(names, placed.asked.entry, placed.system)
        if reason is None:
            kept.append(placed)
        else:
            left_out.append(f"{name_of(placed.asked.entry)}: {reason}")
    if not kept:
        return _once(asked_for), []
    others = len(_once(every)) - len(_once(asked_for))
    if others:
        left_out.append(f"{others} more that are for other systems than the flags ask for")
    return _once(kept), list(dict.fromkeys(left_out))


def runtime_of(names: Names, processor: Processor, tool: str) -> Runtime:
    """As --runtime says; else the experiment's, or the processor's first that has the tool."""
    asked, default = names.choices.runtimes, names.experiment.defaults.runtime
    having = [runtime for runtime, tools in processor.tools.items() if tool in tools]
    preferred = [runtime for runtime in (*asked, default) if runtime in having]
    return next(iter([*preferred, *asked, *having, default]))


def _chosen(names: Names) -> tuple[list[System], list[str]]:
    """The systems that the flags ask for, and why some of them cannot be."""
    reasons = {system: _why_not(names, system) for system in _combinations(names)}
    possible = [system for system, reason in reasons.items() if reason is None]
    if not possible:
        return list(reasons), []
    return possible, [f"{' '.join(system)}: {why}" for system, why in reasons.items() if why]


def _combinations(names: Names) -> Iterator[System]:
    defaults = names.experiment.defaults
    for name in names.asked_processors() or [defaults.processor]:
        processor = names.processor(name)
        for tool in names.asked_tools() or [defaults.tool]:
            found = names.tool(tool).name
            for runtime in names.choices.runtimes or [runtime_of(names, processor, found)]:
                yield System(processor.name, runtime, found)


def _own(names: Names, entry: WorkloadEntry, system: System) -> list[System]:
    """What a workload runs on if the flags ask for `system`: that, or what it names itself."""
    found = list(_named(names, entry, system))
    possible = [own for own in found if not _why_not(names, own)]
    # One that is named alone and cannot be is a mistake; a list means what the matrix has of it.
    return possible if len(found) > 1 and possible else found


def _named(names: Names, entry: WorkloadEntry, system: System) -> Iterator[System]:
    runtimes = [each for each in RUNTIMES if {each, ALL} & {*entry.runtime}]
    for name in names.listed(entry.processor, names.catalog.processors) or [system.processor]:
        processor = names.processor(name)
        given = system.runtime if name == system.processor else None
        for tool in names.tools(entry.tool) or [system.tool]:
            known = names.tool(tool).name
            for runtime in runtimes or [given or runtime_of(names, processor, known)]:
                yield System(processor.name, runtime, known)


def _why_not(names: Names, system: System) -> str | None:
    why = unsupported(names.processor(system.processor), system.runtime, system.tool)
    model, read = names.model(), names.tool(system.tool).model_format
    if why is None and read is not None and read not in model.formats:
        return f"model {model.name} has no {read}, which {system.tool} reads"
    return why


def _narrowed_away(names: Names, placed: Placed) -> bool:
    """Whether a workload names a processor, runtime or tool that the flags do not ask for."""
    entry, system, runtimes = placed.asked.entry, placed.system, names.choices.runtimes
    processors, tools = names.asked_processors(), names.asked_tools()
    # A tool without a model is a bound beside the others, whichever these are.
    bound = names.tool(system.tool).scores_nothing
    return bool(
        (entry.processor and processors and system.processor not in processors)
        or (entry.runtime and runtimes and system.runtime not in runtimes)
        or (entry.tool and tools and system.tool not in tools and not bound)
    )


def _unfit(names: Names, entry: WorkloadEntry, system: System) -> str | None:
    """What the workload asks for, and a processor or runtime of the flags does not have.

    What does not even fit the experiment's own is a fault of its file: that is an error elsewhere.
    """
    defaults, runtime = names.experiment.defaults, system.runtime
    processor = names.processor(system.processor)
    no_call = why_no_call(processor, names.tool(system.tool), runtime, entry.pipeline, entry.call)
    if no_call:
        return no_call
    own = processor.name == defaults.processor and runtime == defaults.runtime
    if own or entry.processor:
        return None
    if processor.name != defaults.processor:
        unknown = [name for name in entry.processor_options if name not in processor.options]
        if unknown:
            return f"{processor.name} has no option {', '.join(unknown)}"
        parts = parse_parallelism(str(entry.parallelism or 1))
        fused = processor.why_fused(parts, chained=entry.chained is not False)
        if fused:
            return fused
    if runtime not in processor.pipelines.get(entry.pipeline, []):
        return f"{processor.name} has no pipeline {entry.pipeline} in runtime {runtime}"
    return unsupported(processor, runtime, system.tool) if entry.runtime or entry.tool else None


def _once(placed: Sequence[Placed]) -> list[Placed]:
    """Without what several systems of the flags have brought about twice.

    The bare scorer of a tool is the same in every image, so it is run in the first.
    """
    found: dict[tuple[int, tuple[str, ...]], Placed] = {}
    for each in placed:
        entry, system = each.asked.entry, each.system
        several = len(entry.processor) != 1 or ALL in entry.processor
        bare = several and entry.pipeline == "raw"
        found.setdefault((id(each.asked), system[1:] if bare else tuple(system)), each)
    return list(found.values())
