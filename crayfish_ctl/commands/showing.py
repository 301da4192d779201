"""A plan as `crayfish plan` and `crayfish run` print it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from crayfish_ctl.plan import (
    estimate_seconds,
    kafka_line,
    plan_warnings,
    points_line,
    scheduled_records,
    trace_lines,
    unmade_line,
)
from crayfish_ctl.plan.size import kafka_bytes

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.plan import Plan, Series


def show_series(made: Series, console: Console) -> None:
    """Print every plan, and how long they take together."""
    for line in made.left_out:
        console.print(f"[yellow]left out[/] {escape(line)}", highlight=False)
    for plan in made.plans:
        show_plan(plan, console)
    if len(made.plans) > 1:
        minutes = sum(plan.seconds for plan in made.plans) / 60
        console.print(f"{len(made.plans)} experiments, about {minutes:.1f} min")


def show_plan(made: Plan, console: Console) -> None:
    """Print the runs, what was taken from traces, and what a reader should know beforehand.

    Args:
        made: the plan.
        console: where to.
    """
    table = Table(
        title=escape(f"{made.experiment.name} ({made.profile.name}): {made.experiment.question}"),
        title_justify="left",
    )
    for column in ("run", "system", "workload", "warm-up", "records", "about"):
        table.add_column(column, justify="left" if column in {"run", "system"} else "right")
    for spec in made.runs:
        warmup, measured = scheduled_records(spec)
        table.add_row(
            spec.run_id,
            spec.cell.system,
            escape(spec.cell.workload),
            f"{warmup:,}",
            f"{measured:,}",
            f"{estimate_seconds(spec):.0f} s",
        )
    for line in made.left_out:
        console.print(f"[yellow]left out[/] {escape(line)}", highlight=False)
    unmade = unmade_line(made)
    if unmade:
        console.print(f"model {escape(unmade)}", highlight=False, soft_wrap=True)
    points = points_line(made)
    if points:
        console.print(f"points {escape(points)}", highlight=False, soft_wrap=True)
    kafka = kafka_line(made)
    if kafka:
        console.print(f"kafka {escape(kafka)}", highlight=False, soft_wrap=True)
    for line in trace_lines(made):
        console.print(f"trace {escape(line)}", highlight=False, soft_wrap=True)
    cores, free = len(os.sched_getaffinity(0)), shutil.disk_usage(made.roots.checkout).free
    for line in plan_warnings(made, cores, free):
        console.print(f"[yellow]warning[/] {escape(line)}", highlight=False, soft_wrap=True)
    console.print(table)
    largest = max(kafka_bytes(made, run) for run in made.runs)
    console.print(
        f"{len(made.runs)} runs, about {made.seconds / 60:.1f} min"
        + (f"; the largest leaves {largest / 1e6:,.0f} MB in Kafka" if largest else "")
    )
