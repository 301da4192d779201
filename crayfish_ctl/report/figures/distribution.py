"""How the latency is distributed over the records: the whole of it, and its tail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from crayfish_ctl.report.distribution import Curve, latency_curve
from crayfish_ctl.report.view import colour

from .base import Figure, Json, Panel, axis, left_out, log_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView
    from crayfish_ctl.results import Results

DASHES: Final = ("solid", "dash", "dot", "dashdot")
_COLOURS: Final = 8
_MAX_CURVES: Final = 24
_NINES: Final = (0.5, 0.1, 0.01, 0.001, 0.0001, 0.00001)


def latency_distribution(results: Results, cells: Sequence[CellView]) -> Figure | None:
    """CDF and tail of every cell whose latency means something."""
    found = [
        cell
        for cell in cells
        if not cell.saturates and any(results.has_records(run.run_id) for run in cell.shown)
    ]
    chosen = [cell for cell in found if cell.trusted] or found
    curves = [
        (cell.label if cell.trusted else f"{cell.label} (not VALID)", curve)
        for cell in chosen[:_MAX_CURVES]
        if (curve := latency_curve(results, cell.shown)) is not None
    ]
    if not curves:
        return None
    lines = [
        (name, curve, colour(place), DASHES[place // _COLOURS % len(DASHES)])
        for place, (name, curve) in enumerate(curves)
    ]
    return Figure(
        anchor="distribution",
        title="Distribution of the latency",
        caption="All measured records of all VALID runs of a cell. Left: the share of records that "
        "took at most so long; a steep line is a latency to rely on. Right: the same with its tail "
        "stretched, each step to the right being ten times rarer; a curve ends at its slowest "
        "record, and its last handful of points is a handful of records."
        + left_out(chosen, _MAX_CURVES),
        panels=[whole(lines), tail(lines)],
        columns=2,
    )


def whole(lines: Sequence[tuple[str, Curve, str, str]]) -> Panel:
    """Cumulative distribution over a logarithmic time axis."""
    data = [
        _line(name, own_colour, dash, x=curve.ms, y=curve.below)
        | {"hovertemplate": "%{y:.2%} within %{x:.3g} ms<extra>%{fullData.name}</extra>"}
        for name, curve, own_colour, dash in lines
    ]
    layout = {
        "xaxis": log_axis("latency, ms", _inner(lines)),
        "yaxis": axis("share of the records", range=[0, 1.02], tickformat=".0%"),
    }
    return Panel("Cumulative distribution", data, layout, height=400)


def tail(lines: Sequence[tuple[str, Curve, str, str]]) -> Panel:
    """Percentiles on an axis that stretches towards 100 %, as HdrHistogram's plots do."""
    data = [
        _line(name, own_colour, dash, x=curve.above, y=curve.ms)
        | {
            "showlegend": False,
            "customdata": curve.below,
            "hovertemplate": "p%{customdata:.4%}: %{y:.3g} ms<extra>%{fullData.name}</extra>",
        }
        for name, curve, own_colour, dash in lines
    ]
    rarest = min(curve.above[-1] for _, curve, _, _ in lines)
    layout = {
        "xaxis": axis(
            "percentile",
            type="log",
            range=[0.02, math.log10(rarest) - 0.1],
            tickvals=list(_NINES),
            ticktext=[f"{100 * (1 - share):.6g} %" for share in _NINES],
        ),
        "yaxis": log_axis("latency, ms", [ms for _, curve, _, _ in lines for ms in curve.ms]),
    }
    return Panel("Tail", data, layout, height=400)


def _inner(lines: Sequence[tuple[str, Curve, str, str]]) -> list[float]:
    return [ms for _, curve, _, _ in lines for ms in (curve.ms[0], curve.ms[-1])]


def _line(name: str, own_colour: str, dash: str, *, x: list[float], y: list[float]) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "x": x,
        "y": y,
        "line": {"color": own_colour, "dash": dash, "width": 1.8},
    }
