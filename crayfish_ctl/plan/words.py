"""What a plan says beside its runs: what traces are taken for, and what will go wrong elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.catalog.experiment import TraceEntry

from .estimate import measured_seconds, scheduled_records
from .services import above_cores, read_fragment
from .size import kafka_bytes
from .trace import trace_name

if TYPE_CHECKING:
    from .model import RunSpec
    from .plan import Plan


def plan_warnings(plan: Plan, cores: int, free: int) -> list[str]:
    """What this machine may not carry; another may, so it is no error of the plan.

    Args:
        plan: made.
        cores: of this machine.
        free: bytes on this machine's disk.
    """
    names = dict.fromkeys(name for run in plan.runs for name in plan.fragments(run.cell))
    fragments = [read_fragment(plan.roots.fragment(name)) for name in names]
    lines = above_cores(plan, fragments, cores)
    largest = max(plan.runs, key=lambda run: kafka_bytes(plan, run))
    needed = kafka_bytes(plan, largest)
    if needed > free and plan.kafka is None:
        lines.append(
            f"{largest.run_id}: leaves {needed / 1e9:,.1f} GB in Kafka, this disk has "
            f"{free / 1e9:,.1f} GB free: fewer records (--count, --seconds), or a smaller --batch"
        )
    return lines


def points_line(plan: Plan) -> str | None:
    """What a model without points of its own is sent."""
    choice = plan.choices.points
    if plan.model.points is not None or not choice.startswith("random:"):
        return None
    return f"{plan.model.name} has no points of its own: {choice}, drawn by seed"


def kafka_line(plan: Plan) -> str | None:
    """Which Kafka, and how it is reached, if it is not the experiment's own in the clear."""
    if plan.kafka is not None:
        return plan.kafka.words
    if not plan.encrypts:
        return None
    encrypted = sum(run.cell.encrypted for run in plan.runs)
    return (
        f"the experiment's own, over TLS in {encrypted} of {len(plan.runs)} runs: its key and "
        "certificate are made at the start"
    )


def unmade_line(plan: Plan) -> str | None:
    """What a model costs that is made before the first run."""
    made_by = plan.model.made_by
    if made_by is None or not plan.model.unmade:
        return None
    return (
        f"{plan.model.name}: is made at the first run, or by `crayfish models make "
        f"{plan.model.name}` ({made_by.words})"
    )


def trace_lines(plan: Plan) -> list[str]:
    """Of each workload that replays a file: what was taken for what, and how much of it is due."""
    lines = []
    first = {run.workload: run for run in reversed(plan.runs)}
    for position, entry in enumerate(plan.sizing.workloads):
        if isinstance(entry.arrivals, TraceEntry):
            trace = plan.traces[trace_name(entry.arrivals)]
            facts, speed = trace.facts, entry.arrivals.speed
            mean = facts.records / facts.seconds * speed
            lines.append(
                f"{facts.source}: column {facts.column} ({facts.unit}), {facts.first} to "
                f"{facts.last}{', sorted' if facts.sorted_here else ''}: {facts.records:,} records "
                f"in {facts.seconds / speed:,.9g} s{'' if speed == 1 else f' at speed {speed:g}'}, "
                f"{mean:,.4g}/s in the mean{_window(first[position], facts.records)}"
            )
    return lines


def _window(run: RunSpec, records: int) -> str:
    """The part that is due within the measured segment, if that is not all."""
    _, due = scheduled_records(run)
    seconds = measured_seconds(run)
    if due == records or not seconds:
        return ""
    return f"; the run replays {due:,} of them in {seconds:,.4g} s, {due / seconds:,.4g}/s"
