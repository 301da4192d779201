"""Plotly's axes on matplotlib's: names, logarithms, ranges, ticks."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final, Literal

from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
    PercentFormatter,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from crayfish_ctl.report.figures.base import Json

Side = Literal["x", "y"]
SIDES: Final[tuple[Side, Side]] = ("x", "y")

_ROOM: Final = 0.5
"""Before the first name and after the last, in names."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis of a panel: where its values lie."""

    given: Json
    names: tuple[str, ...]
    """Of an axis of names, in their order."""

    def place(self, values: Sequence[Any]) -> list[float]:
        """Numbers as they are (nothing is NaN), names by their position."""
        if self.names:
            return [float(self.names.index(value)) for value in values]
        return [float("nan") if value is None else float(value) for value in values]


def scale_of(panel_data: Sequence[Json], given: Json, side: Side) -> Scale:
    """An axis has names if any trace has texts along it."""
    texts = [value for trace in panel_data for value in trace[side] if isinstance(value, str)]
    order = given.get("categoryarray", []) if texts else []
    return Scale(given, tuple(dict.fromkeys([*order, *texts])))


def apply(axes: Axes, scale: Scale, side: Side, letters: int) -> None:
    """Type, range, ticks and title; after everything is drawn.

    Args:
        axes: where.
        scale: what the panel says.
        side: which axis.
        letters: a longer name is broken into lines.
    """
    given = scale.given
    axis = axes.xaxis if side == "x" else axes.yaxis
    axis.set_label_text(given.get("title", {}).get("text", ""))
    set_limits = axes.set_xlim if side == "x" else axes.set_ylim
    if scale.names:
        axis.set_major_locator(FixedLocator(list(range(len(scale.names)))))
        axis.set_major_formatter(FuncFormatter(_namer(scale.names, letters)))
        ends = (-_ROOM, len(scale.names) - 1 + _ROOM)
        set_limits(*(reversed(ends) if given.get("autorange") == "reversed" else ends))
        return
    if given.get("type") == "log":
        (axes.set_xscale if side == "x" else axes.set_yscale)("log")
    if "tickvals" in given:
        axis.set_major_locator(FixedLocator(given["tickvals"]))
        labels = dict(zip(given["tickvals"], given["ticktext"], strict=True))
        axis.set_major_formatter(FuncFormatter(lambda value, _: labels.get(value, "")))
        axis.set_minor_locator(NullLocator())
    elif given.get("type") != "log":
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(_formatter(given.get("tickformat", "")))
    if "range" in given:
        low, high = given["range"]
        set_limits(*((10**low, 10**high) if given.get("type") == "log" else (low, high)))
    elif given.get("rangemode") == "tozero":
        set_limits(0, None)


def _namer(names: tuple[str, ...], letters: int) -> Any:
    # What follows an @ is the workload: it stays in one line.
    glued = (name.replace("@ ", "@\N{NO-BREAK SPACE}") for name in names)
    lines = [
        "\n".join(wrap(name, letters, break_on_hyphens=False)).replace("\N{NO-BREAK SPACE}", " ")
        for name in glued
    ]
    return lambda place, _: lines[round(place)] if 0 <= round(place) < len(lines) else ""


def _formatter(tickformat: str) -> Any:
    if tickformat.endswith("%"):
        return PercentFormatter(1.0, decimals=0)
    return FuncFormatter(lambda value, _: f"{value:,g}")
