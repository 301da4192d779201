"""Latency by rate, and what was achieved of what was offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.report.view import CellView, colour

from .base import Figure, Json, Panel, axis, estimates_line, interval, log_axis, mark, means

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOG_ABOVE_RATIO: Final = 16
_PERCENTILES: Final = (
    ("p50", "solid", "circle"),
    ("p99", "dash", "diamond"),
    ("max", "dot", "triangle-up"),
)
_MAX_LINES_WITH_MAXIMUM: Final = 2
_CAPACITIES: Final = (
    ("capacity_records_per_s", "middle 80 %"),
    ("capacity_sharing_records_per_s", "sharing (while sending)"),
    ("capacity_drain_records_per_s", "drain (after sending)"),
    ("processor_records_per_s", "the processor's own counter"),
)


def latency_by_rate(cells: Sequence[CellView]) -> Figure | None:
    """Percentiles against the mean offered rate, one line for each kind of load and percentile."""
    lines = _by_load([cell for cell in cells if not cell.saturates and cell.shown])
    if not _says_more(lines):
        return None
    shown = _PERCENTILES if len(lines) <= _MAX_LINES_WITH_MAXIMUM else _PERCENTILES[:2]
    data = [
        _latency_line(name, group, colour(place), percentile)
        for place, (name, group) in enumerate(lines.items())
        for percentile in shown
    ]
    rates = sorted({cell.rate for group in lines.values() for cell in group if cell.rate})
    layout = {
        "xaxis": _rate_axis(rates),
        "yaxis": log_axis("latency, ms", [value for line in data for value in line["y"]]),
    }
    return Figure(
        anchor="latency-by-rate",
        title="Latency by input rate",
        caption="From the moment a record was due to the moment the consumer had its result, "
        "against the mean rate. Filled marks: mean over VALID runs with its 95 % interval; hollow "
        "marks: no VALID run.",
        panels=[Panel("", data, layout, height=420)],
    )


def _says_more(lines: dict[str, list[CellView]]) -> bool:
    """Whether a rate was varied; or, without any axis to vary, whether one was to be sustained."""
    if any(len(group) > 1 for group in lines.values()):
        return True
    members = [cell for group in lines.values() for cell in group]
    sizes = {cell.cell.batch_size for cell in members}
    return len(sizes) == 1 and any(cell.cell.aim.holds for cell in members)


def _by_load(cells: Sequence[CellView]) -> dict[str, list[CellView]]:
    """Cells that differ in their rate alone: series, kind of arrivals and batch size set apart."""
    paced = [cell for cell in cells if cell.rate]
    kinds = {cell.cell.arrivals.kind for cell in paced}
    sizes = {cell.cell.batch_size for cell in paced}
    groups: dict[str, list[CellView]] = {}
    for cell in sorted(paced, key=lambda cell: cell.rate or 0):
        parts = [cell.series]
        if len(kinds) > 1:
            parts.append(cell.cell.arrivals.kind)
        if len(sizes) > 1:
            parts.append(f"batch {cell.cell.batch_size}")
        if cell.cell.faults:
            parts.append("with faults")
        groups.setdefault(" · ".join(parts), []).append(cell)
    return groups


def _latency_line(
    name: str, group: list[CellView], own_colour: str, line: tuple[str, str, str]
) -> Json:
    percentile, dash, symbol = line
    return estimates_line(
        group,
        [cell.rate or 0.0 for cell in group],
        [cell.value(f"latency_{percentile}_ms") for cell in group],
        name=f"{name} {percentile}",
        colour=own_colour,
        hover="%{x:,.0f} records/s: %{y:.3g} ms",
        dash=dash,
        symbol=symbol,
    )


def _rate_axis(rates: Sequence[float]) -> Json:
    wide = len(rates) > 1 and rates[-1] / rates[0] > _LOG_ABOVE_RATIO
    return axis(
        "offered records/s",
        type="log" if wide else "linear",
        tickvals=list(rates),
        ticktext=[f"{rate:,g}" for rate in rates],
        **({} if wide else {"rangemode": "tozero"}),
    )


def throughput(cells: Sequence[CellView]) -> Figure | None:
    """Achieved against offered, and the capacities that the saturating cells found."""
    panels = [panel for panel in (_achieved(cells), _capacities(cells)) if panel is not None]
    if not panels:
        return None
    return Figure(
        anchor="throughput",
        title="Throughput",
        caption="On the dashed line everything that was offered was achieved. Capacity is the "
        "steady slope of the results while work was always waiting: while the producer shared the "
        "machine, and after it had finished. The processor's own counter, over the same time as "
        "the middle 80 %, is a second witness: it should say the same.",
        panels=panels,
        columns=len(panels),
    )


def _achieved(cells: Sequence[CellView]) -> Panel | None:
    lines = _by_load([cell for cell in cells if cell.shown and not cell.saturates])
    if not _says_more(lines):
        return None
    top = max(cell.rate or 0 for group in lines.values() for cell in group) * 1.08
    data: list[Json] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, top],
            "y": [0, top],
            "name": "achieved = offered",
            "line": {"color": "var(--muted)", "dash": "dash", "width": 1.2},
            "hoverinfo": "skip",
        }
    ]
    data += [
        estimates_line(
            group,
            [cell.rate or 0.0 for cell in group],
            [cell.value("achieved_records_per_s") for cell in group],
            name=name,
            colour=colour(place),
            hover="offered %{x:,.0f}/s: achieved %{y:,.0f}/s",
        )
        for place, (name, group) in enumerate(lines.items())
    ]
    layout = {
        "xaxis": axis("offered records/s", rangemode="tozero", tickformat=",.0f"),
        "yaxis": axis("achieved records/s", rangemode="tozero", tickformat=",.0f"),
    }
    return Panel("Offered and achieved", data, layout, height=380)


def _capacities(cells: Sequence[CellView]) -> Panel | None:
    saturating = [cell for cell in cells if cell.saturates and cell.shown]
    if not saturating:
        return None
    # The raw scorer is an order of magnitude faster: it has a figure of its own.
    pipelines = [cell for cell in saturating if cell.cell.way.processor] or saturating
    used = [pair for pair in _CAPACITIES if any(cell.value(pair[0]) for cell in pipelines)]
    data: list[Json] = []
    for place, cell in enumerate(pipelines):
        found = [cell.value(metric) for metric, _ in used]
        own_colour = colour(place)
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": cell.label,
                "x": means(found),
                "y": [name for _, name in used],
                "error_x": {**interval(found), "color": own_colour},
                "orientation": "h",  # the offsets that keep the series apart are vertical
                "offsetgroup": cell.label,
                "showlegend": True,
                "marker": {"size": 11, "symbol": mark(cell), "color": own_colour},
                "hovertemplate": "%{y}: %{x:,.0f} records/s<extra>%{fullData.name}</extra>",
            }
        )
    layout = {
        "xaxis": axis("records/s", rangemode="tozero", tickformat=",.0f"),
        "yaxis": {"automargin": True, "autorange": "reversed"},
        "scattermode": "group",
    }
    return Panel("Capacity", data, layout, height=max(380, 120 + 26 * len(data) * len(used)))
