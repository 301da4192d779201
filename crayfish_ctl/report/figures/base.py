"""Figures as plain Plotly JSON, with CSS variables as colours, so that they follow the theme.

`assets/report.js` replaces every `var(--name)` by its value in the theme that is shown;
`report.paper` draws the same JSON for print.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.report.view import CellView

Json = dict[str, Any]

MAX_PANELS: Final = 12
"""A figure with one panel per cell shows the first so many cells that have something to show."""
_NAMED: Final = 3
SUFFIX_OPEN: Final = "-open"

_DECADE: Final = 10.0
_MANY_DECADES: Final = 3


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot."""

    title: str
    data: list[Json]
    layout: Json = field(default_factory=dict)
    height: int = 340


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend that several panels share."""

    label: str
    colour: str


@dataclass(frozen=True, slots=True)
class FigureTable:
    """Numbers under a figure; `texts` says how many of the first columns are no numbers."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    texts: int = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One or more panels with a title, and a caption that says how to read them."""

    anchor: str
    title: str
    caption: str
    panels: list[Panel]
    legend: list[Key] = field(default_factory=list)
    columns: int = 1
    table: FigureTable | None = None


def left_out(cells: Sequence[CellView], shown: int) -> str:
    """What a caption says of the cells for which there is no room; nothing if there is for all.

    Args:
        cells: all that have something to show.
        shown: how many of them are, from the first.
    """
    names = [cell.label for cell in cells[shown:]]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f" The first {shown} of {len(cells)} cells are drawn; left out: "
        f"{', '.join(names[:_NAMED])}{more}."
    )


def interval(estimates: Sequence[Estimate | None]) -> Json:
    """Error bars of the 95 % interval; as long as it is on each side.

    Args:
        estimates: what the bars belong to; None where there is nothing.
    """
    known = [found if found and found.low is not None else None for found in estimates]
    above = [found and (found.high or 0.0) - found.centre for found in known]
    below = [found and found.centre - (found.low or 0.0) for found in known]
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "thickness": 1.4,
        "width": 4,
    }


def means(estimates: Sequence[Estimate | None]) -> list[float | None]:
    """The centres of the intervals, None where there is nothing."""
    return [found.centre if found else None for found in estimates]


def mark(cell: CellView, symbol: str = "circle") -> str:
    """A filled mark for VALID runs, a hollow one if there is none."""
    return symbol if cell.trusted else symbol + SUFFIX_OPEN


def estimates_line(
    cells: Sequence[CellView],
    x: Sequence[float],
    found: Sequence[Estimate | None],
    *,
    name: str,
    colour: str,
    hover: str,
    dash: str = "solid",
    symbol: str = "circle",
    **more: Any,
) -> Json:
    """A line through the means of some cells with their intervals."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(x),
        "y": means(found),
        "error_y": {**interval(found), "color": colour},
        "line": {"color": colour, "dash": dash, "width": 2},
        "marker": {
            "color": colour,
            "size": 9,
            "symbol": [mark(cell, symbol) for cell in cells],
        },
        "hovertemplate": f"{hover}<extra>%{{fullData.name}}</extra>",
        **more,
    }


def axis(title: str, **more: Any) -> Json:
    """An axis with a title."""
    return {"title": {"text": title}, **more}


def log_axis(title: str, values: Iterable[float | None]) -> Json:
    """A logarithmic axis round some values, at least a decade long, with ticks at 1, 2 and 5.

    Over more than three decades only their powers of ten are labelled.
    """
    positive = [value for value in values if value is not None and value > 0]
    low, high = min(positive, default=1.0) / 1.6, max(positive, default=1.0) * 1.6
    if high / low < _DECADE:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(_DECADE), middle * math.sqrt(_DECADE)
    start, end = math.log10(low), math.log10(high)
    steps = (1,) if end - start > _MANY_DECADES else (1, 2, 5)
    ticks = [
        step * 10.0**power for power in range(math.floor(start), math.ceil(end)) for step in steps
    ]
    return axis(
        f"{title} (log)",
        type="log",
        range=[start, end],
        tickvals=ticks,
        ticktext=[f"{tick:,g}" for tick in ticks],
    )


def steps_axis(title: str, values: Sequence[float], margin: float = 0.12) -> Json:
    """A logarithmic axis with a tick at each value: for sizes that double from one to the next."""
    low, high = math.log10(min(values)), math.log10(max(values))
    room = margin * max(high - low, 0.3)
    return axis(
        title,
        type="log",
        range=[low - room, high + room],
        tickvals=list(values),
        ticktext=[f"{value:,g}" for value in values],
    )


def names_axis(names: Sequence[str], **more: Any) -> Json:
    """An axis of names in their order; on a vertical one the first is on top."""
    return {
        "automargin": True,
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(names),
        **more,
    }


def rows_height(rows: int, each: int = 46) -> int:
    """Pixels of a panel with one line of marks for each of several names."""
    return min(150 + each * rows, 900)


def seconds_axis() -> Json:
    """Time since the measured window began."""
    return axis("seconds since the measured window began", zeroline=False)


def band(start: float, end: float, colour: str = "var(--band)") -> Json:
    """A shaded span of the horizontal axis."""
    return {
        "type": "rect",
        "yref": "paper",
        "x0": start,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "fillcolor": colour,
        "line": {"width": 0},
        "layer": "below",
    }


def upright(at: float, colour: str = "var(--muted)", dash: str = "dot") -> Json:
    """A vertical line across the whole panel."""
    return {
        "type": "line",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "dash": dash, "width": 1.2},
    }


def level(at: float, colour: str = "var(--muted)", dash: str = "dash") -> Json:
    """A horizontal line across the whole panel."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": at,
        "y1": at,
        "line": {"color": colour, "dash": dash, "width": 1.2},
    }
