"""Panels of a figure on a page of paper: layout, legends, text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from matplotlib import rc_context
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from . import scales
from .theme import colour
from .traces import DASHES, draw_shape, draw_trace, marker_look, offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from crayfish_ctl.report.figures.base import Json, Key, Panel

MM: Final = 1 / 25.4
"""Inches."""
_SIDE_BY_SIDE_MM: Final = 140
"""Panels lie beside each other from this width on."""
_LETTER_MM: Final = 1.3
"""Mean width of a letter of the smallest text."""
_TITLE_LETTER_MM: Final = 1.65
_KEY_MM: Final = 10
"""Width of a legend's entry without its text."""
_LEGEND_LINE_POINTS: Final = 9.5
_NAMES_SHARE: Final = 0.3
"""Of the width of a panel, for the names on its vertical axis."""
_TICKS_SHARE: Final = 0.12
"""The same for numbers."""
_LEVEL_NAMES: Final = 3
"""More names than these on a horizontal axis are tilted."""
STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 6.5,
    "axes.titlesize": 7,
    "axes.labelsize": 6.5,
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "legend.fontsize": 6,
    "axes.linewidth": 0.5,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "svg.hashsalt": "crayfish",
}
"""Text stays text in the .svg, and the .pdf carries its font, so that a journal takes both."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a panel needs of the page."""

    panel: Panel
    entries: list[tuple[str, Json]]
    """Of its own legend."""
    across: scales.Scale
    upwards: scales.Scale
    width_mm: float

    @property
    def room_mm(self) -> float:
        """Width of the axes without what stands to their left."""
        return self.width_mm * (1 - (_NAMES_SHARE if self.upwards.names else _TICKS_SHARE))

    @property
    def title(self) -> str:
        return "\n".join(wrap(self.panel.title, int(self.room_mm / _TITLE_LETTER_MM)))

    @property
    def per_row(self) -> int:
        return _per_row([name for name, _ in self.entries], self.room_mm)

    @property
    def legend_rows(self) -> int:
        return math.ceil(len(self.entries) / self.per_row) if self.entries else 0

    @property
    def height_mm(self) -> float:
        """A panel of names needs room for each of them; any other two thirds of its width."""
        names = len(self.upwards.names)
        body = 13 + 7.5 * names if names else min(0.62 * self.width_mm, self.panel.height / 7.5)
        return body + 3.4 * self.legend_rows + 3.5 * len(self.title.splitlines())


def draw(panels: Sequence[Panel], legend: Sequence[Key], columns: int, width_mm: float) -> Canvas:
    """Draw panels below each other, or side by side where there is room.

    Args:
        panels: of one figure.
        legend: what they share; without it each panel has a legend of its own.
        columns: side by side on the page.
        width_mm: of the whole.
    """
    across = min(columns if width_mm >= _SIDE_BY_SIDE_MM else 1, len(panels))
    plans = [_plan(panel, width_mm / across, own=not legend) for panel in panels]
    rows = [plans[start : start + across] for start in range(0, len(plans), across)]
    heights = [max(plan.height_mm for plan in row) for row in rows]
    per_row = _per_row([key.label for key in legend], width_mm) if legend else 1
    shared = 3.6 * math.ceil(len(legend) / per_row)
    with rc_context(STYLE):
        canvas = Canvas(figsize=(width_mm * MM, (sum(heights) + shared) * MM), layout="constrained")
        grid = canvas.subplots(len(rows), across, squeeze=False, height_ratios=heights)
        for axes in list(grid.flat)[len(plans) :]:
            axes.set_axis_off()
        for axes, plan in zip(grid.flat, plans, strict=False):
            _panel(axes, plan)
        if legend:
            canvas.legend(
                handles=[Patch(color=colour(key.colour), label=key.label) for key in legend],
                loc="outside upper center",
                ncols=per_row,
                frameon=False,
                borderaxespad=0,
            )
        return canvas


def _plan(panel: Panel, width_mm: float, *, own: bool) -> _Plan:
    x, y = (
        scales.scale_of(panel.data, panel.layout.get(f"{side}axis", {}), side)
        for side in scales.SIDES
    )
    return _Plan(panel, _entries(panel.data) if own else [], x, y, width_mm)


def _per_row(labels: Sequence[str], room_mm: float) -> int:
    widest = max((_KEY_MM + _LETTER_MM * len(label) for label in labels), default=room_mm)
    return max(1, min(len(labels), int(room_mm // widest)))


def _panel(axes: Axes, plan: _Plan) -> None:
    layout = plan.panel.layout
    shift = offsets(plan.panel.data, layout)
    for trace in plan.panel.data:
        draw_trace(axes, trace, (plan.across, plan.upwards), shift)
    for shape in layout.get("shapes", []):
        draw_shape(axes, shape)
    tilted = len(plan.across.names) > _LEVEL_NAMES
    for_each = plan.room_mm / (1 if tilted else max(1, len(plan.across.names)))
    scales.apply(axes, plan.across, "x", int(for_each / _LETTER_MM))
    scales.apply(axes, plan.upwards, "y", int(_NAMES_SHARE * plan.width_mm / _LETTER_MM))
    if tilted:
        for label in axes.get_xticklabels():
            label.set(rotation=30, horizontalalignment="right", rotation_mode="anchor")
    axes.grid(visible=True, color=colour("var(--grid)"), linewidth=0.4)
    # The title's distance from the axes is what the legend needs: then the layout counts it.
    pad = 3 + _LEGEND_LINE_POINTS * plan.legend_rows
    axes.set_title(plan.title or " ", loc="left", fontweight="bold", pad=pad)
    if plan.entries:
        legend = axes.legend(
            handles=[_handle(name, trace) for name, trace in plan.entries],
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=plan.per_row,
            frameon=False,
            borderaxespad=0.2,
            borderpad=0.1,
            handlelength=2.2,
            columnspacing=1.2,
        )
        legend.set_in_layout(False)


def _entries(data: Sequence[Json]) -> list[tuple[str, Json]]:
    """What a legend shows, as Plotly decides: nothing for a single trace unless it is asked for."""
    found: dict[str, Json] = {}
    for trace in data:
        if trace.get("showlegend", True) and "name" in trace and len(trace["x"]):
            found.setdefault(trace["name"], trace)
    asked = any(trace.get("showlegend") for trace in data)
    return list(found.items()) if len(data) > 1 or asked else []


def _handle(name: str, trace: Json) -> Artist:
    marker = trace.get("marker")
    if trace["type"] == "bar":
        return Patch(
            color=colour(trace["marker"]["color"]),
            alpha=trace["marker"].get("opacity", 1.0),
            label=name,
        )
    line = trace.get("line") if "lines" in trace["mode"] else None
    return Line2D(
        [],
        [],
        label=name,
        color=colour(line["color"]) if line else "none",
        linestyle=DASHES[line.get("dash", "solid")] if line else "none",
        linewidth=1.1,
        **(marker_look(marker) if marker else {}),
    )
