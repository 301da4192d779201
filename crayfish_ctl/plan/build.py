"""Experiment + choices -> plan: what is to be run, with every supported-cell rule applied."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from crayfish_ctl.catalog import check_model_files
from crayfish_ctl.catalog.experiment import TraceEntry
from crayfish_ctl.errors import CrayfishError

from .checks import check_cell, check_choices
from .estimate import FIRST_START_S, check_schedule, estimate_seconds
from .expand import make_spec, runtime_on
from .fit import fitting, name_of
from .points import check_points
from .resize import resize
from .services import check_services
from .size import check_size
from .tell_apart import tell_apart
from .trace import resolve_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from crayfish_ctl.catalog import (
        Catalog,
        Experiment,
        Model,
        Processor,
        Profile,
        Sizing,
        Tool,
    )
    from crayfish_ctl.catalog.model import Runtime

    from .choices import Choices
    from .model import Cell, RunSpec
    from .trace import Trace

T = TypeVar("T")

ASSUMED_CAPACITY = 10_000.0
"""records/s, for the preview of workloads whose rate an earlier run will find."""
_EXPECTED_PROBES = 8


@dataclass(frozen=True)
class Plan:
    """What will run. How often, and at which rates, may depend on what is measured meanwhile."""

    experiment: Experiment
    profile: Profile
    """With the experiment's own limits in it."""
    processor: str
    """The experiment's; a workload may name another, as it may with the tool."""
    processors: Mapping[str, Processor]
    """Those that a run uses, by name."""
    tool: str
    """The experiment's; a workload may name another."""
    tools: Mapping[str, Tool]
    """Those that a run uses, by name."""
    model: Model
    runtime: Runtime
    choices: Choices
    sizing: Sizing
    """Workloads and repetitions, with the user's choices in them."""
    numbers: tuple[int | None, ...] = ()
    """Of each workload its place in the experiment's file, from 1; None: a flag made it."""
    segments: Mapping[int, str] = field(default_factory=dict)
    """See `Cell.segment`, by position of the workload."""
    traces: Mapping[str, Trace] = field(default_factory=dict)
    """The files that workloads replay, as they were when the plan was made."""
    left_out: tuple[str, ...] = ()
    """Workloads of the experiment that do not fit the flags, with the reason."""
    runs: tuple[RunSpec, ...] = ()
    """A preview: the runs that are known beforehand, with assumed rates where they are not."""

    @property
    def seconds(self) -> float:
        """Estimated duration without building images."""
        return FIRST_START_S + sum(estimate_seconds(run) for run in self.runs)

    def where(self, position: int) -> str:
        """A workload as its owner knows it, for messages: file and place in it, or the flag."""
        entry, number = self.sizing.workloads[position], self.numbers[position]
        if number is None:
            return f"--trace {self.choices.trace}" if entry.rate is None else f"--rate {entry.rate}"
        where = f"{self.experiment.file}: profiles.{self.profile.name}.workloads.{number}"
        return f"{where} ({name_of(entry)})"

    def fragments(self, cell: Cell) -> list[str]:
        """The compose fragments of a run: those of the whole stack, and the pipeline's own."""
        processor, pipeline = self.processors[cell.processor], cell.pipeline
        servers = [fragment for tool in self.tools.values() for fragment in tool.fragments]
        stack = ["kafka", "prometheus", *servers]
        if pipeline == "raw":
            return [*stack, *processor.raw_fragments]
        load = ["load"] if pipeline == "kafka" else []
        return [*stack, *load, *processor.fragments]

    @property
    def images(self) -> list[str]:
        """The images that the fragments use."""
        harness = ["kafka", "prometheus", "cgroup-exporter", "producer", "consumer"]
        servers = [image for tool in self.tools.values() for image in tool.images]
        processors = [image for p in self.processors.values() for image in p.images]
        return [*harness, *processors, *servers]

    @property
    def slots(self) -> int:
        """The widest operator of any run: the stack has room for it from the beginning."""
        return max(
            max(run.cell.parallelism.source, run.cell.parallelism.scorer, run.cell.parallelism.sink)
            for run in self.runs
        )


def make_plan(
    catalog: Catalog,
    choices: Choices,
    experiment: Experiment | None = None,
    copies: Path | None = None,
) -> Plan:
    """Resolve the choices against the catalog.

    Args:
        catalog: what exists.
        choices: of the user.
        experiment: instead of the catalog's (a resumed one is as it was when it began).
        copies: the folder of inputs of an experiment that goes on; its traces are not read anew.

    Raises:
        CrayfishError: for an unknown name, an unsupported cell or an unusable option.
    """
    experiment = experiment or catalog.experiment(choices.experiment)
    plan = _assembled(catalog, choices, experiment, copies)
    for position in range(len(plan.sizing.workloads)):
        _check_workload(catalog, plan, position)
    segments, same = tell_apart(plan)
    if same:
        kept = [n for n in range(len(plan.sizing.workloads)) if n not in same]
        workloads = [plan.sizing.workloads[n] for n in kept]
        plan = replace(
            plan,
            sizing=plan.sizing.model_copy(update={"workloads": workloads}),
            numbers=tuple(plan.numbers[n] for n in kept),
            left_out=(*plan.left_out, *same.values()),
        )
        segments, _ = tell_apart(plan)
    plan = replace(plan, segments=segments)
    plan = replace(plan, runs=tuple(_preview(plan)))
    _check_capacities(plan)
    check_services(plan, catalog.root)
    for model_format in sorted({tool.model_format for tool in plan.tools.values()}, key=str):
        check_model_files(catalog.root, plan.model, model_format)
    check_points(choices.points, plan.model, catalog.root)
    return plan


def _assembled(
    catalog: Catalog, choices: Choices, experiment: Experiment, copies: Path | None
) -> Plan:
    """Names looked up, flags worked in; nothing is checked yet."""
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
        profile=profile.model_copy(update={"resources": {**profile.resources, **sizing.resources}}),
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


def _check_workload(catalog: Catalog, plan: Plan, position: int) -> None:
    """Everything that may be wrong with one workload, said with its place.

    Raises:
        CrayfishError: naming file (or flag) and workload.
    """
    where = plan.where(position)
    try:
        run = _first_run(plan, position)
        check_schedule(run, plan.sizing.max_repetitions or plan.sizing.repetitions)
    except CrayfishError as error:
        raise CrayfishError(f"{where}: {error.message}", hint=error.hint) from None
    check_cell(catalog, plan, run)
    check_size(where, run.cell, plan.model)


def _first_run(plan: Plan, position: int) -> RunSpec:
    """A run of the workload, with an assumed rate where only a measurement will give it."""
    entry = plan.sizing.workloads[position]
    assumed = ASSUMED_CAPACITY * entry.share if entry.rate == "capacity" else None
    return make_spec(plan, position, 1, position, rate=assumed)


def _preview(plan: Plan) -> list[RunSpec]:
    """The fewest runs that there will be, in their order."""
    runs: list[RunSpec] = []
    for repetition in range(1, plan.sizing.repetitions + 1):
        for position, entry in enumerate(plan.sizing.workloads):
            if entry.search:
                continue
            rate = ASSUMED_CAPACITY * entry.share if entry.rate == "capacity" else None
            runs.append(make_spec(plan, position, repetition, len(runs), rate=rate))
    for position, entry in enumerate(plan.sizing.workloads):
        if entry.search:
            top = ASSUMED_CAPACITY if isinstance(entry.rate, (str, type(None))) else entry.rate
            for number in range(1, _EXPECTED_PROBES + 1):
                runs.append(
                    make_spec(
                        plan, position, number, len(runs), rate=top * entry.share, purpose="probe"
                    )
                )
    return runs


def _check_capacities(plan: Plan) -> None:
    """A rate `capacity` needs an earlier workload that measures one."""
    first = plan.runs[: len(plan.sizing.workloads)]
    for position, entry in enumerate(plan.sizing.workloads):
        if entry.rate != "capacity":
            continue
        cell = make_spec(plan, position, 1, 0, rate=ASSUMED_CAPACITY).cell
        if not any(
            run.workload < position and run.cell.goal == "saturate" and run.cell.same_system(cell)
            for run in first
        ):
            raise CrayfishError(
                f"{plan.where(position)}: rate: capacity: no workload before it measures the "
                "capacity of the same system",
                hint="put `{rate: max, goal: saturate, stop: {count: ...}}` before it",
            )
