"""Bursts: what was offered and achieved, how the latency rose, and when it was back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.report.numbers import NOTHING, number
from crayfish_ctl.report.series import NS, backlog_series, latency_series, rate_series

from .base import (
    Figure,
    FigureTable,
    Json,
    Key,
    Panel,
    axis,
    band,
    left_out,
    level,
    log_axis,
    seconds_axis,
    upright,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView
    from crayfish_ctl.results import Results, RunResult

_MAX_CELLS: Final = 4
_OFFERED: Final = "var(--role-producer)"
_ACHIEVED: Final = "var(--role-processor)"
_BACKLOG: Final = "var(--role-broker)"
_RECOVERED: Final = "var(--good)"
_BURST: Final = "var(--burst)"
_QUANTILES: Final = (("p99", "var(--quantile-p99)"), ("p50", "var(--quantile-p50)"))
_KEYS: Final = (
    Key("offered", _OFFERED),
    Key("achieved", _ACHIEVED),
    Key("p50", "var(--quantile-p50)"),
    Key("p99", "var(--quantile-p99)"),
    Key("backlog", _BACKLOG),
    Key("burst", _BURST),
    Key("recovered", _RECOVERED),
)


def bursts(results: Results, cells: Sequence[CellView]) -> Figure | None:
    """Rates, latency and backlog of the first run shown of each bursty cell; recovery of all."""
    bursty = [cell for cell in cells if any(run.bursts for run in cell.shown)]
    panels = [panel for cell in bursty[:_MAX_CELLS] for panel in _panels(results, cell)]
    if not panels:
        return None
    rows = [row for cell in bursty for run in cell.shown for row in _rows(cell, run)]
    return Figure(
        anchor="bursts",
        title="Bursts and recovery",
        caption="One run of each cell, the others are in the table. Shaded: the bursts. In a burst "
        "more is offered than is achieved; the difference piles up as backlog, and every record "
        "behind it waits. Recovered (green, dotted) means that the latency is back below the "
        "dashed line, the p99 of the base before the first burst; recovery is counted from the "
        "burst's end." + left_out(bursty, _MAX_CELLS),
        panels=panels,
        legend=list(_KEYS),
        table=FigureTable(
            (
                "Run",
                "Burst",
                "Begins, s",
                "Lasts, s",
                "Peak backlog",
                "Peak latency, ms",
                "Base p99, ms",
                "Recovery, s",
            ),
            rows,
        ),
    )


def _panels(results: Results, cell: CellView) -> list[Panel]:
    run = next(run for run in cell.shown if run.bursts)
    shapes = _shapes(run)
    span = {**seconds_axis(), "range": [0, _seconds(run)]}
    drawn = [
        _rates(results, run),
        _latency(results, run, shapes),
        _backlog(results, run),
    ]
    return [
        Panel(f"{cell.label}, repetition {run.spec.repetition}: {title}", data, layout, height=230)
        for title, data, layout in (
            (title, data, {"xaxis": span, "shapes": shapes, **layout})
            for title, data, layout in drawn
        )
        if data
    ]


def _start(run: RunResult) -> int:
    return run.window.start_ns if run.window else 0


def _seconds(run: RunResult) -> float:
    """From the start of the measured window until the last result or the end of the schedule."""
    if run.window is None:
        return 0.0
    last = max(run.window.last_result_ns or 0, run.window.sending_end_ns)
    return round((last - run.window.start_ns) / NS, 3)


def _shapes(run: RunResult) -> list[Json]:
    start = _start(run)
    shapes: list[Json] = []
    for burst in run.bursts:
        shapes.append(band((burst.start_ns - start) / NS, (burst.end_ns - start) / NS, _BURST))
        if burst.recovered_ns is not None:
            shapes.append(upright((burst.recovered_ns - start) / NS, _RECOVERED))
    return shapes


def _rates(results: Results, run: RunResult) -> tuple[str, list[Json], Json]:
    series = rate_series(results, run)
    if series is None:
        return "", [], {}
    data = [
        _line("offered", series.due_at, series.due, _OFFERED, "%{y:,.0f} records/s"),
        _line("achieved", series.back_at, series.back, _ACHIEVED, "%{y:,.0f} records/s"),
    ]
    title = f"records/s ({series.bin_seconds:g} s bins)"
    return title, data, {"yaxis": axis("records/s", rangemode="tozero", tickformat=",.0f")}


def _latency(results: Results, run: RunResult, shapes: list[Json]) -> tuple[str, list[Json], Json]:
    series = latency_series(results, run)
    if series is None:
        return "", [], {}
    data = [
        _line(name, series.at, getattr(series, name), colour, "%{y:.3g} ms")
        for name, colour in _QUANTILES
        if any(value is not None for value in getattr(series, name))
    ]
    layout = {
        "yaxis": log_axis("ms", [value for line in data for value in line["y"]]),
        "shapes": [*shapes, level(run.bursts[0].band_ms)],
    }
    return f"latency ({series.bin_seconds:g} s bins)", data, layout


def _backlog(results: Results, run: RunResult) -> tuple[str, list[Json], Json]:
    series = backlog_series(results, run)
    if series is None:
        return "", [], {}
    data = [_line("backlog", series.at, series.records, _BACKLOG, "%{y:,} records")]
    return "backlog", data, {"yaxis": axis("records", rangemode="tozero", tickformat=",.0f")}


def _line(
    name: str, x: Sequence[float], y: Sequence[float | None], colour: str, hover: str
) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": list(y),
        "line": {"color": colour, "width": 1.8},
        "showlegend": False,
        "hovertemplate": f"{hover}<extra>%{{fullData.name}}</extra>",
    }


def _rows(cell: CellView, run: RunResult) -> list[tuple[str, ...]]:
    start = _start(run)
    return [
        (
            f"{cell.label}, repetition {run.spec.repetition}",
            str(place),
            number((burst.start_ns - start) / NS),
            number((burst.end_ns - burst.start_ns) / NS),
            number(burst.peak_backlog),
            number(burst.peak_latency_ms),
            number(burst.band_ms),
            f"{NOTHING} not before the next"
            if burst.recovery_seconds is None
            else number(burst.recovery_seconds),
        )
        for place, burst in enumerate(run.bursts, start=1)
    ]
