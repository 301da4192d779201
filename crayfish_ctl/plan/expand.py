"""One workload of an experiment -> one run of it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from crayfish_ctl.catalog.experiment import BurstyEntry, RampEntry, TraceEntry
from crayfish_ctl.catalog.option import effective
from crayfish_ctl.catalog.values import RATE_MAX, RATE_MIN
from crayfish_ctl.cells import (
    BurstyArrivals,
    ConstantArrivals,
    MaxArrivals,
    Parallelism,
    PlannedArrivals,
    PoissonArrivals,
    RampArrivals,
    Settle,
    StopRule,
    Warmup,
    message_bytes,
    pipeline_of,
)
from crayfish_ctl.errors import CrayfishError

from .choices import parse_parallelism
from .model import Call, Cell, Purpose, RunSpec
from .pace import assumed_rate, backlog, lasts_by_its_scorer, warmup_rate
from .trace import trace_name

if TYPE_CHECKING:
    from crayfish_ctl.catalog import WorkloadEntry
    from crayfish_ctl.catalog.experiment import ArrivalsEntry

    from .plan import Plan
    from .trace import Trace

SATURATE_WARMUP_RATE = 500.0
"""A saturating workload warms up at this rate, far below capacity: it leaves no backlog."""
SERVE, NOOP = "serve", "noop"
"""The tool option, and its value, with which a server answers without its model."""
SETTLE_RATE = 50.0
"""records/s; below, a second has too few records to see whether their latency falls."""
_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")
"""A run's id is a part of the topics' names, in which Kafka takes little else."""
_LONGEST_NAME = 160
"""Folders may have 255 bytes and topics 249 characters; the id's number makes it unique."""


def make_spec(
    plan: Plan,
    workload: int,
    repetition: int,
    index: int,
    *,
    rate: float | None = None,
    bare: float | None = None,
    purpose: Purpose = "measure",
) -> RunSpec:
    """A run of one workload.

    Args:
        plan: with the experiment, its sizing and the user's choices.
        workload: position in the sizing.
        repetition: from 1.
        index: position among the experiment's runs, from 0.
        rate: records/s instead of the workload's own, where that is known only by measuring.
        bare: records/s of its scorer by itself, if a run has measured it.
        purpose: why it is run.

    Raises:
        CrayfishError: if the workload asks for what cannot be.
    """
    entry, choices = plan.sizing.workloads[workload], plan.choices
    system = plan.systems[workload]
    processor, call = plan.processors[system.processor], _call(entry)
    seed = choices.seed + repetition
    number = entry.rate if rate is None else rate
    # The flag's options are for the flag's tools, or the experiment's.
    tool_options = effective(
        plan.tools[system.tool].options,
        {**entry.tool_options, **({} if entry.tool else choices.tool_options)},
    )
    outside = plan.kafka if pipeline_of(entry.pipeline).broker else None
    cell = Cell(
        experiment=plan.experiment.name,
        processor=system.processor,
        processor_options=effective(
            processor.options,
            {
                **processor.needed_for(system.runtime, call.mode),
                **entry.processor_options,
                **choices.processor_options,
            },
            as_documented=entry.settings == "defaults",
            record_bytes=message_bytes(
                choices.record_format,
                entry.batch_size,
                math.prod(plan.model.input.shape),
                plan.model.input.itemsize,
            ),
        ),
        settings=entry.settings,
        runtime=system.runtime,
        tool=system.tool,
        tool_options=tool_options,
        scores_nothing=plan.tools[system.tool].scores_nothing or tool_options.get(SERVE) == NOOP,
        calls_server=plan.tools[system.tool].kind == "external",
        call=call,
        server=choices.servers.get(system.tool),
        tls=system.tool in choices.server_tls,
        kafka=outside.address if outside else None,
        brokers=1 if outside else plan.profile.brokers,
        max_message_bytes=plan.profile.max_message_bytes,
        kafka_protocol=outside.protocol if outside else entry.kafka_protocol,
        model=plan.model.shown,
        format=choices.record_format,
        delivery=choices.delivery,
        parallelism=_parallelism(plan, entry),
        arrivals=_arrivals(plan, entry, number, seed),
        batch_size=entry.batch_size,
        goal=entry.goal,
        pipeline=entry.pipeline,
        faults=entry.faults,
        producer_options=entry.producer_options,
        title=None if entry.search else entry.title,
        segment=plan.segments.get(workload),
    )
    words = f"{cell.system} {cell.workload.replace('/s', '')}"
    name = _UNSAFE.sub("-", words)[:_LONGEST_NAME].strip("-")
    return RunSpec(
        run_id=f"{index + 1:02d}-{name}-{purpose[0]}{repetition}"
        if entry.search
        else f"{index + 1:02d}-{name}-r{repetition}",
        index=index,
        cell=cell,
        repetition=repetition,
        workload=workload,
        purpose=purpose,
        warmup=warmup_of(plan, entry, cell, cold=index == 0, bare=bare),
        stop=stop_of(plan, entry, cell, bare),
        seed=seed,
    )


def _call(entry: WorkloadEntry) -> Call:
    """Its only one: several were made workloads of their own."""
    given = [call.model_dump(exclude_none=True) for call in entry.call]
    return Call.model_validate(given[0] if given else {})


def first_run(plan: Plan, workload: int, index: int = 0) -> RunSpec:
    """The first run of a workload, with an assumed rate where only a measurement will give it.

    Raises:
        CrayfishError: if the workload asks for what cannot be.
    """
    entry = plan.sizing.workloads[workload]
    if entry.rate != "capacity" and not lasts_by_its_scorer(plan, workload):
        return make_spec(plan, workload, 1, index)
    assumed = assumed_rate(plan, make_spec(plan, workload, 1, index, rate=1.0).cell)
    if entry.rate == "capacity":
        return make_spec(plan, workload, 1, index, rate=assumed * entry.share)
    return make_spec(plan, workload, 1, index, bare=assumed)


def _parallelism(plan: Plan, entry: WorkloadEntry) -> Parallelism:
    source, scorer, sink = (
        plan.choices.parallelism
        if entry.parallelism is None
        else parse_parallelism(str(entry.parallelism))
    )
    chained = plan.choices.chained if entry.chained is None else entry.chained
    return Parallelism(source=source, scorer=scorer, sink=sink, chained=chained)


def _arrivals(
    plan: Plan, entry: WorkloadEntry, number: float | str | None, seed: int
) -> PlannedArrivals:
    kind = entry.arrivals
    if isinstance(kind, TraceEntry):
        return plan.traces[trace_name(kind)].arrivals(kind.speed)
    if number == "max":
        return MaxArrivals()
    rate = float(number or 0)
    for factor in _factors(kind):
        if not RATE_MIN <= rate * factor <= RATE_MAX:
            raise CrayfishError(
                f"arrivals: {factor:g} times {rate:g}/s is {rate * factor:g} records/s: must be "
                f"from {RATE_MIN:g} to {RATE_MAX:,.0f}"
            )
    if isinstance(kind, BurstyEntry):
        return BurstyArrivals(
            base_rate=rate * kind.base,
            burst_rate=rate * kind.burst,
            base_seconds=kind.base_seconds,
            burst_seconds=kind.burst_seconds,
        )
    if isinstance(kind, RampEntry):
        seconds = (entry.stop or plan.sizing.stop).seconds
        if seconds is None:
            raise CrayfishError("arrivals: a ramp needs stop.seconds: it lasts that long")
        return RampArrivals(start_rate=rate * kind.start, end_rate=rate * kind.end, seconds=seconds)
    if kind.kind == "poisson":
        return PoissonArrivals(rate=rate, seed=seed)
    return ConstantArrivals(rate=rate)


def warmup_of(
    plan: Plan, entry: WorkloadEntry, cell: Cell, *, cold: bool, bare: float | None = None
) -> Warmup:
    """Seconds and rate of the warm-up; that of a cold stack may be the experiment's own."""
    sizing = plan.sizing
    given = (sizing.first_warmup if cold else None) or entry.warmup or sizing.warmup
    floods = cell.aim.floods
    own = cell.arrivals.first or SATURATE_WARMUP_RATE
    gentle = warmup_rate(plan, cell, min(own, SATURATE_WARMUP_RATE), bare)
    rate = given.rate or (gentle if floods else own)
    # At its own rate the warm-up flows into the measured segment; a faster one must drain first.
    return Warmup(
        seconds=given.seconds,
        rate=rate,
        drain=floods or rate > own,
        settle=_settle(given.settle_seconds, cell),
    )


def _settle(max_seconds: float, cell: Cell) -> Settle | None:
    """Only where there is a steady state to wait for, and records enough in a second to see it."""
    steady = cell.arrivals.steady and cell.aim.holds
    if not steady or not cell.way.broker or not max_seconds:  # the consumer is asked for latencies
        return None
    rate = cell.rate or 0.0
    return Settle(rate=rate, max_seconds=max_seconds) if rate >= SETTLE_RATE else None


def _factors(kind: ArrivalsEntry) -> tuple[float, ...]:
    match kind:
        case BurstyEntry():
            return (kind.base, kind.burst)
        case RampEntry():
            return (kind.start, kind.end)
        case _:
            return (1.0,)


def stop_of(plan: Plan, entry: WorkloadEntry, cell: Cell, bare: float | None) -> StopRule:
    """When the measured segment ends; of a trace with the number of records that are due by then.

    Raises:
        CrayfishError: if nothing is due before.
    """
    given = entry.stop or plan.sizing.stop
    if isinstance(entry.arrivals, TraceEntry):
        return _stop_of_trace(entry, plan.traces[trace_name(entry.arrivals)])
    if entry.rate == "max" and given.count is None and given.seconds is not None:
        # The clock ends a bare scorer; a backlog is there before it is worked off.
        seconds = None if cell.way.processor else given.seconds
        return StopRule(seconds=seconds, count=backlog(plan, cell, given.seconds, bare))
    return StopRule(seconds=given.seconds, count=given.count)


def _stop_of_trace(entry: WorkloadEntry, trace: Trace) -> StopRule:
    stop, speed = entry.stop, getattr(entry.arrivals, "speed", 1.0)
    if stop is None:
        return StopRule(count=trace.facts.records)
    counts = [trace.facts.records, *([] if stop.count is None else [stop.count])]
    if stop.seconds is not None:
        counts.append(trace.due(stop.seconds, speed))
    if min(counts) == 0:
        raise CrayfishError(
            f"{trace.facts.source}: column {trace.facts.column}: no record is due in the first "
            f"{stop.seconds:g} s: the first comes at {trace.offsets[0] / speed:g} s",
            hint="leave out --trace-start file: then the run begins with the first arrival",
        )
    return StopRule(seconds=stop.seconds, count=min(counts))
