"""What the results cost in CPU time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Figure, Json, Panel, interval, log_axis, mark, means, names_axis, rows_height

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView

_COST = "cpu_seconds_per_million_points"


def cost(cells: Sequence[CellView]) -> Figure | None:
    """CPU-seconds of processor and model server for a million points."""
    shown = [cell for cell in cells if cell.value(_COST)]
    if not shown:
        return None
    data: list[Json] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": cell.series,
            "x": means([cell.value(_COST)]),
            "y": [cell.label],
            "error_x": {**interval([cell.value(_COST)]), "color": cell.colour},
            "marker": {"color": cell.colour, "size": 11, "symbol": mark(cell)},
            "showlegend": False,
            "hovertemplate": "%{y}: %{x:.3g} CPU-seconds<extra></extra>",
        }
        for cell in shown
    ]
    layout = {
        "xaxis": log_axis(
            "CPU-seconds per million points", [value for trace in data for value in trace["x"]]
        ),
        "yaxis": names_axis([cell.label for cell in shown], autorange="reversed"),
    }
    return Figure(
        anchor="cost",
        title="CPU time for a million points",
        caption="CPU time of the processor and the model server; broker, producer and consumer are "
        "not charged. At a low rate the processor's idle work counts too, so the same system is "
        "cheapest when it is busy. Lower is better.",
        panels=[Panel("", data, layout, height=rows_height(len(shown), each=34))],
    )
