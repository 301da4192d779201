"""Model servers: what a bare client gets out of each, and what pipelines make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.analysis import pipeline_efficiency
from crayfish_ctl.report.numbers import estimate_text, percent
from crayfish_ctl.report.view import colour

from .base import (
    Figure,
    FigureTable,
    Json,
    Panel,
    estimates_line,
    log_axis,
    mark,
    means,
    names_axis,
    rows_height,
    steps_axis,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis import PipelineEfficiency
    from crayfish_ctl.report.view import CellView

_PERCENTILES = (("p50", "solid", "circle"), ("p99", "dash", "diamond"))
_CAPACITY = "capacity_records_per_s"
_OF_PROCESSOR = ("parallelism", "chaining")
"""Parts of a cell's name that belong to the processor's row."""
_OF_MODE = {"blocking": "circle", "async": "diamond", "batched": "square"}
"""A tool keeps its colour in every call mode: there are more pairs of the two than colours."""


def server_curve(cells: Sequence[CellView]) -> Figure | None:
    """Rate and duration of calls against how many are under way, without a processor."""
    lines = _lines([cell for cell in cells if _is_bare(cell) and cell.shown])
    if not lines:
        return None
    rates = [
        estimates_line(
            group,
            [cell.cell.call.in_flight for cell in group],
            [cell.value(_CAPACITY) for cell in group],
            name=name,
            colour=colour(place),
            hover="%{x} under way: %{y:,.0f}/s",
        )
        for place, (name, group) in enumerate(lines.items())
    ]
    times = [
        estimates_line(
            group,
            [cell.cell.call.in_flight for cell in group],
            [cell.value(f"service_{percentile}_ms") for cell in group],
            name=f"{name} {percentile}",
            colour=colour(place),
            hover="%{x} under way: %{y:.3g} ms",
            dash=dash,
            symbol=symbol,
        )
        for place, (name, group) in enumerate(lines.items())
        for percentile, dash, symbol in _PERCENTILES
    ]
    return Figure(
        anchor="server-curve",
        title="The model server under a bare client",
        caption="No processor and no broker: as soon as a call is back, the next one begins. Where "
        "the rate rises no more, the server is full, and a call only waits longer. What a pipeline "
        "carries is read against the highest rate. Hollow marks: no VALID run.",
        panels=[_panel("Calls per second", "calls/s", rates), _panel("A call", "ms", times)],
        columns=2,
    )


def _is_bare(cell: CellView) -> bool:
    one = cell.cell
    return one.calls_server and one.call.mode == "async" and not one.way.processor


def _lines(cells: Sequence[CellView]) -> dict[str, list[CellView]]:
    groups: dict[str, list[CellView]] = {}
    for cell in sorted(cells, key=lambda cell: cell.cell.call.in_flight):
        name = cell.series.replace(f" {cell.cell.call.text}", "")
        groups.setdefault(name, []).append(cell)
    return {name: group for name, group in groups.items() if len(group) > 1}


def _panel(title: str, unit: str, data: list[Json]) -> Panel:
    numbers = sorted({number for line in data for number in line["x"]})
    layout = {
        "xaxis": steps_axis("calls under way (log)", numbers),
        "yaxis": log_axis(unit, [value for line in data for value in line["y"]]),
    }
    return Panel(title, data, layout, height=400)


def embedded_or_external(cells: Sequence[CellView]) -> Figure | None:
    """What each pipeline carries, by tool and call mode, beside the best of its server."""
    shown = [cell for cell in cells if cell.saturates and cell.shown and cell.cell.way.processor]
    if not any(cell.cell.calls_server for cell in shown):
        return None
    rows = list(dict.fromkeys(_where(cell) for cell in shown))
    colours: dict[str, str] = {}
    data: list[Json] = []
    for tool in dict.fromkeys(_how(cell) for cell in shown):
        group = [cell for cell in shown if _how(cell) == tool]
        call = group[0].cell.call
        own = tool.replace(f" {call.text}", "")
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": tool,
                "x": means([cell.value(_CAPACITY) for cell in group]),
                "y": [_where(cell) for cell in group],
                "marker": {
                    "color": colours.setdefault(own, colour(len(colours))),
                    "size": 11,
                    "symbol": [mark(cell, _OF_MODE[call.mode]) for cell in group],
                },
                "hovertemplate": f"{tool}<br>%{{y}}: %{{x:,.0f}}/s<extra></extra>",
            }
        )
    layout = {
        "xaxis": log_axis("records/s", [value for trace in data for value in trace["x"]]),
        "yaxis": names_axis(rows, autorange="reversed"),
    }
    bounds = pipeline_efficiency([cell.summary for cell in cells])
    table = [
        (
            _where(cell),
            _how(cell),
            estimate_text(cell.value(_CAPACITY)),
            percent(_of_raw(bounds, cell)),
            estimate_text(cell.value("calls_under_way")),
            estimate_text(cell.value("service_p50_ms")),
            estimate_text(cell.value("server_queue_ms")),
            estimate_text(cell.value("server_compute_ms")),
            estimate_text(cell.value("server_requests_per_execution")),
            estimate_text(cell.value("cores_used")),
        )
        for cell in shown
    ]
    return Figure(
        anchor="embedded-or-external",
        title="Embedded or external",
        caption="The backlog that each processor works off, with the model inside it and with a "
        "model server. Of the server's best: of the highest rate that a bare client got out of it, "
        "where that was measured, too; of an embedded tool: of the scorer in a loop. The server's "
        "queue, its model and the calls that it put into one execution are what it counts itself "
        "(means; a dash: it does not). Cores: of processor and model server together. Hollow "
        "marks: no VALID run; diamonds: asynchronous calls; squares: batched ones.",
        panels=[Panel("", data, layout, height=rows_height(len(rows), 60))],
        table=FigureTable(
            (
                "Processor",
                "Tool and call mode",
                "records/s",
                "Of its bound",
                "Calls under way",
                "A call, p50 ms",
                "Server's queue, ms",
                "Its model, ms",
                "Calls an execution",
                "Cores used",
            ),
            table,
            texts=2,
        ),
    )  # fmt: skip


def _of_raw(bounds: Sequence[PipelineEfficiency], cell: CellView) -> float | None:
    found = (one.ratio.value for one in bounds if one.bound == "raw" and one.cell == cell.cell)
    return next(found, None)


def _where(cell: CellView) -> str:
    parts = [text for name, text in cell.parts if name in _OF_PROCESSOR]
    return " · ".join([_processor(cell), *parts])


def _processor(cell: CellView) -> str:
    return f"{cell.cell.processor} {cell.cell.runtime}"


def _how(cell: CellView) -> str:
    """Tool and call mode, and what else sets the cell apart: a server's options, or `noop`."""
    one = cell.cell
    # A call mode may need options of one processor: that makes no other tool of it.
    text = cell.series_without(*_OF_PROCESSOR, "processor options")
    text = text.removeprefix(f"{_processor(cell)} ")
    if one.calls_server and one.call.mode == "blocking":
        return text.replace(one.tool, f"{one.tool} {one.call.text}", 1)
    return text
