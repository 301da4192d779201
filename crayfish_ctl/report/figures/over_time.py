"""What happened within the runs: latency and backlog over time, and where the controller's went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis.percentiles import records_needed
from crayfish_ctl.report.series import NS, backlog_series, latency_series

from .base import (
    MAX_PANELS,
    Figure,
    Json,
    Key,
    Panel,
    axis,
    band,
    left_out,
    log_axis,
    seconds_axis,
    upright,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView
    from crayfish_ctl.results import Results, RunResult

_LINES: Final = (
    ("max", "var(--quantile-max)", "dot"),
    ("p99", "var(--quantile-p99)", "solid"),
    ("p50", "var(--quantile-p50)", "solid"),
)
_STEP_COLOURS: Final = 8


def latency_over_time(results: Results, cells: Sequence[CellView]) -> Figure | None:
    """Percentiles of short bins of the due time: one panel for each cell, runs overlaid."""
    paced = [cell for cell in cells if not cell.saturates and _has_results(results, cell)]
    shown = [panel for cell in paced[:MAX_PANELS] if (panel := _latency_panel(results, cell))]
    if not shown:
        return None
    return Figure(
        anchor="latency-over-time",
        title="Latency over time",
        caption="Each line is one run. A record counts at the moment it was due, so a stall shows "
        "as a slope that falls back, not as a gap. The shaded part at the left is the warm-up, "
        "which does not count; red shades are faults that were made on purpose. The p99 is drawn "
        f"where a bin has the {records_needed(0.99)} records that it needs."
        + left_out(paced, MAX_PANELS),
        panels=shown,
        legend=[Key(name, colour) for name, colour, _ in reversed(_LINES)],
        columns=2,
    )


def _has_results(results: Results, cell: CellView) -> bool:
    return any(
        run.counts is not None and run.counts.ok and results.has_records(run.run_id)
        for run in cell.runs
    )


def _latency_panel(results: Results, cell: CellView) -> Panel | None:
    data: list[Json] = []
    first, width = 0.0, 0.0
    for run in cell.runs:
        series = latency_series(results, run)
        if series is None:
            continue
        first, width = min(first, series.at[0]), series.bin_seconds
        data += [
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{name}, repetition {run.spec.repetition}",
                "x": series.at,
                "y": getattr(series, name),
                "line": {"color": colour, "dash": dash, "width": 1.6},
                "opacity": 0.9 if name != "max" else 0.6,
                "showlegend": False,
                "hovertemplate": "%{y:.3g} ms<extra>%{fullData.name}</extra>",
            }
            for name, colour, dash in _LINES
            if any(value is not None for value in getattr(series, name))
        ]
    if not data:
        return None
    layout = {
        "xaxis": seconds_axis(),
        "yaxis": log_axis("ms", [value for line in data for value in line["y"]]),
        "shapes": [band(first - width / 2, 0.0), *_faults(cell)],
        "hovermode": "x unified",
    }
    return Panel(f"{cell.label} ({width:g} s bins)", data, layout, height=290)


def _faults(cell: CellView) -> list[Json]:
    """Each run's faults, shaded: what was really done, not what was asked for."""
    return [
        band(
            (fault.started_ns - run.window.start_ns) / NS,
            (fault.ended_ns - run.window.start_ns) / NS,
            "var(--fault)",
        )
        for run in cell.runs
        if run.window is not None
        for fault in run.faults
    ]


def backlog_over_time(results: Results, cells: Sequence[CellView]) -> Figure | None:
    """Records sent and not yet back, where there was a backlog to speak of."""
    waiting = [
        cell
        for cell in cells
        if any(_piles_up(run) for run in cell.runs) and _has_results(results, cell)
    ]
    shown = [panel for cell in waiting[:MAX_PANELS] if (panel := _backlog_panel(results, cell))]
    if not shown:
        return None
    return Figure(
        anchor="backlog",
        title="Backlog over time",
        caption="Records that were sent and have no result yet. Up: more comes than is scored. "
        "Down, after the dotted line where the producer had finished: the backlog is worked off, "
        "and the slope is the drain rate. Cells that kept up are not shown."
        + left_out(waiting, MAX_PANELS),
        panels=shown,
        columns=2,
    )


def _piles_up(run: RunResult) -> bool:
    return not run.spec.cell.aim.holds or any(
        reason.code in {"BACKLOG_GROWING", "UNFINISHED"} for reason in run.verdict.reasons
    )


def _backlog_panel(results: Results, cell: CellView) -> Panel | None:
    data: list[Json] = []
    ends: list[Json] = []
    for run in cell.runs:
        series = backlog_series(results, run)
        if series is None:
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"repetition {run.spec.repetition}",
                "x": series.at,
                "y": series.records,
                "line": {"color": cell.colour, "width": 1.8},
                "opacity": 0.85,
                "showlegend": False,
                "hovertemplate": "%{y:,} records<extra>%{fullData.name}</extra>",
            }
        )
        ends.append(upright(series.sending_end))
    if not data:
        return None
    layout = {
        "xaxis": seconds_axis(),
        "yaxis": axis("records", rangemode="tozero", tickformat=",.0f"),
        "shapes": [*ends, *_faults(cell)],
    }
    return Panel(cell.label, data, layout, height=290)


def steps(results: Results) -> Figure | None:
    """What the controller did when: one line for each run."""
    runs = [run for run in results.runs if run.steps]
    if not runs:
        return None
    origin = min(step.started_ns for run in runs for step in run.steps)
    names = list(dict.fromkeys(step.name for run in runs for step in run.steps))
    longest = {
        name: max(step.seconds for run in runs for step in run.steps if step.name == name)
        for name in names
    }
    data: list[Json] = []
    for name in sorted(names, key=lambda name: -longest[name]):  # a short one lies over a long one
        found = [(run, step) for run in runs for step in run.steps if step.name == name]
        position = names.index(name)
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": name,
                "y": [run.run_id for run, _ in found],
                "x": [step.seconds for _, step in found],
                "base": [(step.started_ns - origin) / 1e9 for _, step in found],
                "customdata": [step.share for _, step in found],
                "legendrank": position,
                "marker": {"color": f"var(--step-{position % _STEP_COLOURS})"},
                "hovertemplate": "%{y}: %{x:.2f} s, %{customdata:.0%} of the run"
                "<extra>%{fullData.name}</extra>",
            }
        )
    layout = {
        "barmode": "overlay",
        "bargap": 0.25,
        "xaxis": axis("seconds since the first run began", zeroline=False),
        "yaxis": {"automargin": True, "autorange": "reversed", "type": "category"},
    }
    return Figure(
        anchor="steps",
        title="Where the time went",
        caption="The steps of each run's life as the controller saw them; a gap is time between "
        "runs.",
        panels=[Panel("", data, layout, height=min(140 + 24 * len(runs), 900))],
    )
