"""Experiment + choices -> plan: what is to be run, with every supported-cell rule applied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crayfish_ctl.catalog import WorkloadEntry, check_model_files
from crayfish_ctl.catalog.experiment import SteadyEntry, StopEntry, TraceEntry, WarmupEntry
from crayfish_ctl.errors import CrayfishError

from .checks import check_cell, check_choices
from .estimate import FIRST_START_S, check_schedule, estimate_seconds
from .expand import make_spec, runtime_on
from .fit import fitting
from .points import check_points
from .schedule import ASSUMED_CAPACITY, preview

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    left_out: tuple[str, ...] = ()
    """Workloads of the experiment that the chosen processor has not all for, with the reason."""
    runs: tuple[RunSpec, ...] = ()
    """A preview: the runs that are known beforehand, with assumed rates where they are not."""

    @property
    def seconds(self) -> float:
        """Estimated duration without building images."""
        return FIRST_START_S + sum(estimate_seconds(run) for run in self.runs)

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


def make_plan(catalog: Catalog, choices: Choices, experiment: Experiment | None = None) -> Plan:
    """Resolve the choices against the catalog.

    Args:
        catalog: what exists.
        choices: of the user.
        experiment: instead of the catalog's (a resumed one is as it was when it began).

    Raises:
        CrayfishError: for an unknown name, an unsupported cell or an unusable option.
    """
    experiment = experiment or catalog.experiment(choices.experiment)
    profile = catalog.profile(choices.profile)
    if choices.profile not in experiment.profiles:
        raise CrayfishError(
            f"configs/experiments/{experiment.name}.yaml: profiles: has no {choices.profile!r}",
            hint=f"it has {', '.join(experiment.profiles)}; choose with --profile",
        )
    defaults = experiment.defaults
    processor = choices.processor or defaults.processor
    sizing = _resized(experiment.profiles[choices.profile], choices)
    left_out: list[str] = []
    if choices.processor not in {None, defaults.processor}:
        chosen = catalog.processor(processor)
        runtime = runtime_on(chosen, choices.runtime, defaults.runtime)
        kept, left_out = fitting(sizing.workloads, chosen, runtime)
        if kept:  # if nothing fits, the checks below say why
            sizing = sizing.model_copy(update={"workloads": kept})
    tool = choices.tool or defaults.tool
    model = catalog.model(choices.model or defaults.model)
    processors = {
        name: catalog.processor(name)
        for name in dict.fromkeys(entry.processor or processor for entry in sizing.workloads)
    }
    for each in processors.values():
        check_choices(each, choices)
    plan = Plan(
        experiment=experiment,
        profile=profile.model_copy(update={"resources": {**profile.resources, **sizing.resources}}),
        processor=processor,
        processors=processors,
        tool=tool,
        tools={
            name: catalog.tool(name)
            for name in dict.fromkeys(entry.tool or tool for entry in sizing.workloads)
        },
        model=model,
        runtime=choices.runtime or defaults.runtime,
        choices=choices,
        sizing=sizing,
        left_out=tuple(left_out),
    )
    plan = replace(plan, runs=preview(plan))
    for run in plan.runs:
        check_cell(catalog, run.cell)
        check_schedule(run)
    _check_capacities(plan)
    check_points(choices.points, model)
    for model_format in {tool.model_format for tool in plan.tools.values()}:
        check_model_files(catalog.root, model, model_format)
    return plan


def _check_capacities(plan: Plan) -> None:
    """A rate `capacity` needs a workload that measures one; the schedule runs that first."""
    for position, entry in enumerate(plan.sizing.workloads):
        if entry.rate != "capacity":
            continue
        cell = make_spec(plan, position, 1, 0, rate=ASSUMED_CAPACITY).cell
        if not any(
            run.workload != position and run.cell.goal == "saturate" and run.cell.same_system(cell)
            for run in plan.runs
        ):
            raise CrayfishError(
                f"configs/experiments/{plan.experiment.name}.yaml: workload {position + 1}: "
                "rate: capacity: no workload measures the capacity of the same system",
                hint="add `{rate: max, goal: saturate, stop: {count: ...}}`",
            )


def _resized(sizing: Sizing, choices: Choices) -> Sizing:
    """The sizing with the user's repetitions, rates, batch size, durations in it."""
    workloads: Sequence[WorkloadEntry] = sizing.workloads
    if choices.rates:
        # The first of a rate is the experiment's own system; those after it are its baselines.
        known = {workload.rate: workload for workload in reversed(workloads)}
        workloads = [
            known.get(rate)
            or WorkloadEntry(rate=rate, goal="saturate" if rate == "max" else "sustain")
            for rate in choices.rates
        ]
    if choices.trace is not None:
        trace = TraceEntry(kind="trace", path=choices.trace, speed=choices.trace_speed)
        workloads = [WorkloadEntry(arrivals=trace)]
    changes: dict[str, object] = {}
    if choices.batch_size is not None:
        changes["batch_size"] = choices.batch_size
    if choices.pipeline is not None:
        changes["pipeline"] = choices.pipeline
    workloads = [entry.model_copy(update=changes) for entry in workloads]
    if choices.pipeline is not None:  # what the flag has made equal is one workload
        workloads = list({entry.model_dump_json(): entry for entry in workloads}.values())
    if choices.arrivals is not None:
        kind = SteadyEntry(kind=choices.arrivals)
        workloads = [
            entry.model_copy(update={"arrivals": kind})
            if isinstance(entry.arrivals, SteadyEntry) and entry.rate != "max"
            else entry
            for entry in workloads
        ]
    if choices.seconds is not None or choices.count is not None:
        stop = StopEntry(seconds=choices.seconds, count=choices.count)
        # A saturating workload stops by count; --seconds leaves its count as it is.
        workloads = [
            w if w.rate == "max" and choices.count is None else w.model_copy(update={"stop": stop})
            for w in workloads
        ]
    warmup, first_warmup = sizing.warmup, sizing.first_warmup
    if choices.warmup_seconds is not None:
        warmup = WarmupEntry(seconds=choices.warmup_seconds)
        first_warmup = None
        workloads = [w.model_copy(update={"warmup": None}) for w in workloads]
    repetitions = choices.repetitions or sizing.repetitions
    most = choices.max_repetitions or (None if choices.repetitions else sizing.max_repetitions)
    if most is not None and most < repetitions:
        raise CrayfishError(
            f"--max-reps {most}: below the {repetitions} repetitions that are asked for",
            hint="lower --reps, or raise --max-reps",
        )
    return sizing.model_copy(
        update={
            "workloads": list(workloads),
            "warmup": warmup,
            "first_warmup": first_warmup,
            "repetitions": repetitions,
            "max_repetitions": most,
            "precision": choices.precision or sizing.precision,
        }
    )
