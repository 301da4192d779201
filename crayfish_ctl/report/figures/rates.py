"""Latency by rate, and what was achieved of what was offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .base import Figure, Json, Panel, axis, interval, log_axis, means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView

_LOG_ABOVE_RATIO: Final = 16
_PERCENTILES: Final = (
    ("p50", "solid", "circle"),
    ("p99", "dash", "diamond"),
    ("max", "dot", "triangle-up"),
)
_MAX_SERIES_WITH_MAXIMUM: Final = 2
_CAPACITIES: Final = (
    ("capacity_records_per_s", "middle 80 %"),
    ("capacity_sharing_records_per_s", "sharing (while sending)"),
    ("capacity_drain_records_per_s", "drain (after sending)"),
)


def latency_by_rate(cells: Sequence[CellView]) -> Figure | None:
    """Percentiles against the offered rate, one line for each series and percentile."""
    groups = _by_series([cell for cell in cells if cell.rate and not cell.saturates and cell.shown])
    if not groups:
        return None
    shown = _PERCENTILES if len(groups) <= _MAX_SERIES_WITH_MAXIMUM else _PERCENTILES[:2]
    data = [
        _latency_line(series, group, *percentile)
        for series, group in groups.items()
        for percentile in shown
    ]
    rates = sorted({cell.rate for group in groups.values() for cell in group if cell.rate})
    layout = {
        "xaxis": _rate_axis(rates),
        "yaxis": log_axis("latency, ms", [value for line in data for value in line["y"]]),
    }
    return Figure(
        anchor="latency-by-rate",
        title="Latency by input rate",
        caption="From the moment a record was due to the moment the consumer had its result. "
        "Filled marks: mean over VALID runs with its 95 % interval; hollow marks: no VALID run.",
        panels=[Panel("", data, layout, height=420)],
    )


def _by_series(cells: Sequence[CellView]) -> dict[str, list[CellView]]:
    groups: dict[str, list[CellView]] = {}
    for cell in sorted(cells, key=lambda cell: cell.rate or 0):
        groups.setdefault(cell.series, []).append(cell)
    return groups


def _latency_line(
    series: str, group: list[CellView], percentile: str, dash: str, symbol: str
) -> Json:
    found = [cell.value(f"latency_{percentile}_ms") for cell in group]
    colour = group[0].colour
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"{series} {percentile}",
        "x": [cell.rate for cell in group],
        "y": means(found),
        "error_y": {**interval(found, positive=True), "color": colour},
        "line": {"color": colour, "dash": dash, "width": 2},
        "marker": {
            "color": colour,
            "size": 9,
            "symbol": [symbol if cell.trusted else f"{symbol}-open" for cell in group],
        },
        "hovertemplate": "%{x:,.0f} records/s: %{y:.3g} ms<extra>%{fullData.name}</extra>",
    }


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
        "machine, and after it had finished.",
        panels=panels,
        columns=len(panels),
    )


def _achieved(cells: Sequence[CellView]) -> Panel | None:
    groups = _by_series([cell for cell in cells if cell.rate and cell.shown])
    if not groups:
        return None
    top = max(cell.rate or 0 for group in groups.values() for cell in group) * 1.08
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
    for series, group in groups.items():
        found = [cell.value("achieved_records_per_s") for cell in group]
        colour = group[0].colour
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": series,
                "x": [cell.rate for cell in group],
                "y": means(found),
                "error_y": {**interval(found), "color": colour},
                "line": {"color": colour, "width": 2},
                "marker": {
                    "color": colour,
                    "size": 9,
                    "symbol": ["circle" if cell.trusted else "circle-open" for cell in group],
                },
                "hovertemplate": "offered %{x:,.0f}/s: achieved %{y:,.0f}/s<extra>%{fullData.name}"
                "</extra>",
            }
        )
    layout = {
        "xaxis": axis("offered records/s", rangemode="tozero", tickformat=",.0f"),
        "yaxis": axis("achieved records/s", rangemode="tozero", tickformat=",.0f"),
    }
    return Panel("Offered and achieved", data, layout, height=380)


def _capacities(cells: Sequence[CellView]) -> Panel | None:
    saturating = [cell for cell in cells if cell.saturates and cell.shown]
    if not saturating:
        return None
    data: list[Json] = []
    for cell in saturating:
        found = [cell.value(metric) for metric, _ in _CAPACITIES]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": cell.label,
                "x": means(found),
                "y": [name for _, name in _CAPACITIES],
                "error_x": {**interval(found), "color": cell.colour},
                "orientation": "h",  # the offsets that keep the series apart are vertical
                "offsetgroup": cell.label,
                "showlegend": True,
                "marker": {
                    "size": 11,
                    "symbol": "circle" if cell.trusted else "circle-open",
                    "color": cell.colour,
                },
                "hovertemplate": "%{y}: %{x:,.0f} records/s<extra>%{fullData.name}</extra>",
            }
        )
    layout = {
        "xaxis": axis("records/s", rangemode="tozero", tickformat=",.0f"),
        "yaxis": {"automargin": True, "autorange": "reversed"},
        "scattermode": "group",
    }
    return Panel("Capacity", data, layout, height=380)
