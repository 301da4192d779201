"""Throughput against parallelism, speed-up and efficiency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crayfish_ctl.analysis import Ratio, ratio_between
from crayfish_ctl.report.numbers import estimate_text, interval_text, percent, ratio_text
from crayfish_ctl.report.view import CellView, colour

from .base import Figure, FigureTable, Json, Panel, estimates_line, log_axis, steps_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis import Estimate


@dataclass(frozen=True, slots=True)
class Step:
    """One parallelism of a line."""

    cell: CellView
    n: int
    throughput: Estimate
    speedup: Ratio | None
    """Relative to the smallest parallelism of the line."""
    efficiency: float | None
    """Speed-up / (n / smallest n): 1 is ideal."""


def scaling_lines(cells: Sequence[CellView]) -> dict[str, list[Step]]:
    """Lines of cells that differ in their parallelism alone; only those with two points or more.

    What is compared is the capacity where that was measured, else the achieved rate.
    """
    groups: dict[tuple[str, bool, str], dict[str, list[CellView]]] = {}
    for cell in cells:
        if cell.shown and throughput_of(cell) is not None:
            workload = "" if cell.saturates else f" @ {cell.cell.workload}"
            batch = f" x{cell.cell.batch_size}" if cell.saturates else ""
            series = cell.series_without("parallelism", "chaining") + workload
            patterns = groups.setdefault((series, cell.cell.parallelism.chained, batch), {})
            patterns.setdefault(_pattern(cell), []).append(cell)
    lines: dict[str, list[Step]] = {}
    for (series, chained, batch), patterns in groups.items():
        for pattern, members in _joined(patterns).items():
            if len({cell.cell.parallelism.scorer for cell in members}) > 1:
                text = f"{series}{batch.removesuffix(' x1')} · {pattern}"
                lines[text if chained else f"{text} unchained"] = _steps(members)
    return lines


def throughput_of(cell: CellView) -> Estimate | None:
    """Capacity in records/s; where it was not measured, the achieved rate."""
    return cell.value("capacity_records_per_s" if cell.saturates else "achieved_records_per_s")


def _pattern(cell: CellView) -> str:
    source, scorer, sink = _operators(cell)
    return "N-N-N" if source == scorer == sink else f"{source}-N-{sink}"


def _operators(cell: CellView) -> tuple[int, int, int]:
    parallelism = cell.cell.parallelism
    return parallelism.source, parallelism.scorer, parallelism.sink


def _joined(patterns: dict[str, list[CellView]]) -> dict[str, list[CellView]]:
    """1-1-1 is the beginning of N-N-N as well as of 1-N-1: it belongs to each of those lines."""
    equal = patterns.get("N-N-N", [])
    joined = {
        pattern: members
        + [cell for cell in equal if pattern == f"{_operators(cell)[0]}-N-{_operators(cell)[2]}"]
        for pattern, members in patterns.items()
        if pattern != "N-N-N"
    }
    return {"N-N-N": equal, **joined}


def _steps(members: Sequence[CellView]) -> list[Step]:
    ordered = sorted(members, key=lambda cell: cell.cell.parallelism.scorer)
    found = [(cell, value) for cell in ordered if (value := throughput_of(cell)) is not None]
    base, first = found[0][1], ordered[0].cell.parallelism.scorer
    steps: list[Step] = []
    for cell, value in found:
        n = cell.cell.parallelism.scorer
        speedup = Ratio(1.0) if cell is ordered[0] else ratio_between(value, base)
        steps.append(
            Step(cell, n, value, speedup, None if speedup is None else speedup.value * first / n)
        )
    return steps


def scaling(cells: Sequence[CellView]) -> Figure | None:
    """One line for each system and kind of parallelism, with its ideal."""
    lines = scaling_lines(cells)
    if not lines:
        return None
    data: list[Json] = []
    for place, (name, steps) in enumerate(lines.items()):
        data += _traces(name, steps, colour(place))
    layout = {
        "xaxis": steps_axis(
            "scorers (log)", sorted({step.n for steps in lines.values() for step in steps})
        ),
        "yaxis": log_axis("records/s", [value for line in data for value in line["y"]]),
    }
    rows = [_row(name, step) for name, steps in lines.items() for step in steps]
    return Figure(
        anchor="scaling",
        title="Throughput by parallelism",
        caption="Both axes are logarithmic, so the ideal (twice the scorers, twice the records) is "
        "a straight line, dashed, through the smallest parallelism measured. N-N-N: sources, "
        "scorers and sinks together; 1-N-1: only the scorers. Speed-up is the ratio to the "
        "smallest parallelism, efficiency the share of the ideal speed-up.",
        panels=[Panel("", data, layout, height=430)],
        table=FigureTable(
            ("Line", "Scorers", "records/s", "Speed-up", "95 % interval", "Efficiency"), rows
        ),
    )


def _traces(name: str, steps: Sequence[Step], own_colour: str) -> list[Json]:
    xs = [step.n for step in steps]
    base = steps[0].throughput.centre
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [xs[0], xs[-1]],
            "y": [base, base * xs[-1] / xs[0]],
            "name": f"{name}, ideal",
            "line": {"color": own_colour, "dash": "dash", "width": 1.1},
            "opacity": 0.6,
            "showlegend": False,
            "hoverinfo": "skip",
        },
        estimates_line(
            [step.cell for step in steps],
            xs,
            [step.throughput for step in steps],
            name=name,
            colour=own_colour,
            hover="N = %{x}: %{y:,.0f}/s, %{customdata}",
            customdata=[
                f"speed-up {ratio_text(step.speedup)}, efficiency {percent(step.efficiency)}"
                for step in steps
            ],
        ),
    ]


def _row(name: str, step: Step) -> tuple[str, ...]:
    return (
        name,
        str(step.n),
        estimate_text(step.throughput),
        ratio_text(step.speedup),
        interval_text(step.speedup),
        percent(step.efficiency),
    )
