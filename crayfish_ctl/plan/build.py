"""Experiment + choices -> cells -> runs, with every supported-cell rule applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crayfish_contract.runconfig import (
    Arrivals,
    ConstantArrivals,
    MaxArrivals,
    Parallelism,
    StopRule,
    Warmup,
)
from crayfish_ctl.catalog import WorkloadEntry, check_model_files
from crayfish_ctl.catalog.model import StopEntry, WarmupEntry
from crayfish_ctl.errors import CrayfishError

from .model import Cell, RunSpec
from .points import check_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crayfish_contract.runconfig import Options
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

SATURATE_WARMUP_RATE = 500.0
"""A saturating workload warms up at this rate, far below capacity: it leaves no backlog."""
_OVERHEAD_S = 10.0
"""Between two runs of the same stack, for the estimate only; the journal has the real figure."""
_FIRST_START_S = 30.0
_ASSUMED_DRAIN_RATE = 15_000.0


@dataclass(frozen=True)
class Plan:
    """Everything that will run, in order."""

    experiment: Experiment
    profile: Profile
    processor: Processor
    tools: Mapping[str, Tool]
    """Those that a run uses, by name."""
    model: Model
    runtime: Runtime
    choices: Choices
    runs: tuple[RunSpec, ...]

    @property
    def seconds(self) -> float:
        """Estimated duration without building images."""
        return _FIRST_START_S + sum(estimate_seconds(run) for run in self.runs)

    @property
    def fragments(self) -> list[str]:
        """The compose fragments of a stack."""
        servers = [fragment for tool in self.tools.values() for fragment in tool.fragments]
        return ["kafka", "prometheus", "load", *self.processor.fragments, *servers]

    @property
    def images(self) -> list[str]:
        """The images that the fragments use."""
        harness = ["kafka", "prometheus", "cgroup-exporter", "producer", "consumer"]
        servers = [image for tool in self.tools.values() for image in tool.images]
        return [*harness, *self.processor.images, *servers]


def make_plan(catalog: Catalog, choices: Choices) -> Plan:
    """Resolve the choices against the catalog.

    Raises:
        CrayfishError: for an unknown name, an unsupported cell or an unusable option.
    """
    experiment = catalog.experiment(choices.experiment)
    profile = catalog.profile(choices.profile)
    if choices.profile not in experiment.profiles:
        raise CrayfishError(
            f"configs/experiments/{experiment.name}.yaml: profiles: has no {choices.profile!r}",
            hint=f"it has {', '.join(experiment.profiles)}; choose with --profile",
        )
    defaults = experiment.defaults
    processor = catalog.processor(choices.processor or defaults.processor)
    tool = choices.tool or defaults.tool
    model = catalog.model(choices.model or defaults.model)
    runtime = choices.runtime or defaults.runtime
    _check_delivery(processor, choices)
    sizing = _resized(experiment.profiles[choices.profile], choices)
    runs = _runs(experiment.name, sizing, choices, processor.name, runtime, tool, model)
    tools = {name: catalog.tool(name) for name in dict.fromkeys(run.cell.tool for run in runs)}
    for run in runs:
        _check_schedule(run)
        _check_cell(processor, tools[run.cell.tool], model, runtime, run.cell.tool_options)
    check_points(choices.points, model)
    for model_format in {tool.model_format for tool in tools.values()}:
        check_model_files(catalog.root, model, model_format)
    return Plan(
        experiment=experiment,
        profile=profile,
        processor=processor,
        tools=tools,
        model=model,
        runtime=runtime,
        choices=choices,
        runs=tuple(runs),
    )


def _check_delivery(processor: Processor, choices: Choices) -> None:
    if choices.delivery not in processor.deliveries:
        raise CrayfishError(
            f"configs/processors/{processor.name}.yaml: deliveries: has no {choices.delivery}",
            hint=f"it offers {', '.join(processor.deliveries)}",
        )
    _check_options(
        "--processor-option", processor.name, choices.processor_options, processor.options
    )


def _check_cell(
    processor: Processor, tool: Tool, model: Model, runtime: Runtime, options: Options
) -> None:
    where = f"configs/processors/{processor.name}.yaml"
    if runtime not in processor.runtimes:
        raise CrayfishError(
            f"{where}: runtimes: {processor.name} has no runtime {runtime!r}",
            hint=f"it has {', '.join(processor.runtimes)}; choose with --runtime",
        )
    tools = processor.runtimes[runtime]
    if tool.name not in tools:
        raise CrayfishError(
            f"{where}: runtimes.{runtime}: {tool.name} is not supported on {processor.name}",
            hint=f"supported there: {', '.join(tools)}; choose with --tool",
        )
    if tool.model_format is not None and tool.model_format not in model.formats:
        raise CrayfishError(
            f"configs/models/{model.name}.yaml: formats: has no {tool.model_format!r}, "
            f"which tool {tool.name} needs"
        )
    _check_options("--tool-option", f"tool {tool.name}", options, tool.options)


def _check_schedule(run: RunSpec) -> None:
    if scheduled_records(run)[1] == 0:
        raise CrayfishError(
            f"{run.cell.workload} for {run.stop.seconds:g} s: no record is due in that time",
            hint="raise --rate or --seconds",
        )


def _check_options(flag: str, owner: str, given: Options, known: Options) -> None:
    for name in given:
        if name not in known:
            raise CrayfishError(
                f"{flag} {name}: {owner} has no such option",
                hint=f"it has {', '.join(known) or 'none'}",
            )


def _resized(sizing: Sizing, choices: Choices) -> Sizing:
    """The sizing with the user's repetitions, rates, batch size, durations in it."""
    workloads: Sequence[WorkloadEntry] = sizing.workloads
    if choices.rates:
        known = {workload.rate: workload for workload in workloads}
        workloads = [
            known.get(rate)
            or WorkloadEntry(rate=rate, goal="saturate" if rate == "max" else "sustain")
            for rate in choices.rates
        ]
    if choices.batch_size is not None:
        workloads = [w.model_copy(update={"batch_size": choices.batch_size}) for w in workloads]
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
    return sizing.model_copy(
        update={
            "workloads": list(workloads),
            "warmup": warmup,
            "first_warmup": first_warmup,
            "repetitions": choices.repetitions or sizing.repetitions,
        }
    )


def _runs(  # noqa: PLR0917
    experiment: str,
    sizing: Sizing,
    choices: Choices,
    processor: str,
    runtime: Runtime,
    tool: str,
    model: Model,
) -> list[RunSpec]:
    """Repetitions outside, cells inside: a slow drift of the machine hits all cells alike."""
    source, scorer, sink = choices.parallelism
    runs: list[RunSpec] = []
    for repetition in range(1, sizing.repetitions + 1):
        for workload in sizing.workloads:
            cell = Cell(
                experiment=experiment,
                processor=processor,
                processor_options=choices.processor_options,
                runtime=runtime,
                tool=workload.tool or tool,
                # The flag's options are for the experiment's tool.
                tool_options=workload.tool_options
                if workload.tool
                else {**workload.tool_options, **choices.tool_options},
                model=model.name,
                format=choices.record_format,
                delivery=choices.delivery,
                parallelism=Parallelism(
                    source=source, scorer=scorer, sink=sink, chained=choices.chained
                ),
                arrivals=_arrivals(workload),
                batch_size=workload.batch_size,
                goal=workload.goal,
            )
            system = cell.system.replace(" ", "-")
            # It is a part of the topics' names, in which Kafka takes no "+" (of 1e+09).
            name = cell.workload.replace("/s", "").replace(" ", "-").replace("+", "")
            runs.append(
                RunSpec(
                    run_id=f"{len(runs) + 1:02d}-{system}-{name}-r{repetition}",
                    index=len(runs),
                    cell=cell,
                    repetition=repetition,
                    warmup=_warmup(workload, sizing, cold=not runs),
                    stop=_stop(workload, sizing),
                    seed=choices.seed + repetition,
                )
            )
    return runs


def _arrivals(workload: WorkloadEntry) -> Arrivals:
    if workload.rate == "max":
        return MaxArrivals()
    return ConstantArrivals(rate=float(workload.rate))


def _warmup(workload: WorkloadEntry, sizing: Sizing, *, cold: bool) -> Warmup:
    entry = (sizing.first_warmup if cold else None) or workload.warmup or sizing.warmup
    saturate = workload.goal == "saturate"
    own = SATURATE_WARMUP_RATE if workload.rate == "max" else float(workload.rate)
    rate = entry.rate or (min(own, SATURATE_WARMUP_RATE) if saturate else own)
    # At its own rate the warm-up flows into the measured segment; a faster one must drain first.
    return Warmup(seconds=entry.seconds, rate=rate, drain=saturate or rate > own)


def _stop(workload: WorkloadEntry, sizing: Sizing) -> StopRule:
    entry = workload.stop or sizing.stop
    if workload.rate == "max" and entry.count is None:
        raise CrayfishError(
            "rate max stops by count, and none is given",
            hint="add --count, or `stop: {count: ...}`",
        )
    return StopRule(seconds=entry.seconds, count=entry.count)


def scheduled_records(run: RunSpec) -> tuple[int, int]:
    """Warm-up and measured records that the schedule holds."""
    arrivals, stop = run.cell.arrivals, run.stop
    counts = [stop.count] if stop.count else []
    if isinstance(arrivals, ConstantArrivals) and stop.seconds:
        counts.append(round(arrivals.rate * stop.seconds))
    return round(run.warmup.rate * run.warmup.seconds), min(counts)


def estimate_seconds(run: RunSpec) -> float:
    """What a run is expected to take, its start and its drain included."""
    _, measured = scheduled_records(run)
    arrivals = run.cell.arrivals
    rate = arrivals.rate if isinstance(arrivals, ConstantArrivals) else _ASSUMED_DRAIN_RATE
    return _OVERHEAD_S + run.warmup.seconds + measured / rate
