"""What is left of the scorer's speed in the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis import pipeline_efficiency
from crayfish_ctl.report.numbers import interval_text, percent

from .base import (
    Figure,
    FigureTable,
    Json,
    Panel,
    interval,
    log_axis,
    mark,
    means,
    names_axis,
    rows_height,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.report.view import CellView

_CAPACITY: Final = "capacity_records_per_s"
_KINDS: Final = (
    ("pipeline", "var(--role-processor)", "circle"),
    ("noop in the pipeline", "var(--role-broker)", "diamond"),
    ("raw scorer", "var(--role-producer)", "square"),
)
_BOUNDS: Final = {"raw": "raw scorer", "noop": "noop in the pipeline"}


def efficiency(cells: Sequence[CellView]) -> Figure | None:
    """The capacity of each pipeline beside its bounds: the raw scorer, and no model at all."""
    found = pipeline_efficiency([cell.summary for cell in cells])
    if not found:
        return None
    members = [entry.cell for entry in found] + [entry.against for entry in found]
    shown = [cell for cell in cells if cell.cell in members]
    shown.sort(key=lambda cell: (_kind(cell), -_mean(cell)))
    data = [_dots([cell for cell in shown if _kind(cell) == place], place) for place in range(3)]
    layout = {
        "xaxis": log_axis("records/s", [value for trace in data for value in trace["x"]]),
        "yaxis": names_axis([cell.label for cell in shown], autorange="reversed"),
    }
    rows = [
        (
            _label(cells, entry.cell),
            f"{_BOUNDS[entry.bound]}: {_label(cells, entry.against)}",
            percent(entry.ratio.value),
            interval_text(entry.ratio, percent),
        )
        for entry in found
    ]
    return Figure(
        anchor="efficiency",
        title="What is left of the scorer's speed",
        caption="Capacity of the pipeline, of the same pipeline with a scorer that answers without "
        "a model (noop), and of the scorer in a loop without a pipeline (raw). The share of raw is "
        "what the pipeline lets through; the share of noop is what the model leaves of it.",
        panels=[Panel("", data, layout, height=rows_height(len(shown)))],
        table=FigureTable(("Pipeline", "Bound", "Share", "95 % interval"), rows, texts=2),
    )


def _label(cells: Sequence[CellView], cell: Cell) -> str:
    return next(view.label for view in cells if view.cell == cell)


def _kind(cell: CellView) -> int:
    if not cell.cell.way.processor:
        return 2
    return int(cell.cell.scores_nothing)


def _mean(cell: CellView) -> float:
    found = cell.value(_CAPACITY)
    return found.centre if found else 0.0


def _dots(cells: Sequence[CellView], kind: int) -> Json:
    name, colour, symbol = _KINDS[kind]
    found = [cell.value(_CAPACITY) for cell in cells]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": means(found),
        "y": [cell.label for cell in cells],
        "error_x": {**interval(found), "color": colour},
        "marker": {
            "color": colour,
            "size": 11,
            "symbol": [mark(cell, symbol) for cell in cells],
        },
        "hovertemplate": "%{y}: %{x:,.0f} records/s<extra>%{fullData.name}</extra>",
    }
