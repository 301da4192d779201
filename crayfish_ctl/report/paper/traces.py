"""Plotly's traces and shapes on matplotlib's axes: as much of them as the report's figures use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .theme import colour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from crayfish_ctl.report.figures.base import Json

    from .scales import Scale

_POINTS: Final = 0.55
"""Points of print for a pixel of the page: a column is narrower than a screen."""
_GROUP: Final = 0.7
"""Share of a name's room that its marks or bars take together."""
DASHES: Final[dict[str, Any]] = {
    "solid": "-",
    "dash": (0, (5, 2.5)),
    "dot": (0, (1.2, 1.8)),
    "dashdot": "-.",
}
_SYMBOLS: Final = {
    "circle": "o",
    "diamond": "D",
    "triangle-up": "^",
    "square": "s",
    "x": "X",
    "star": "*",
    "line-ns": "|",
    "line-ew": "_",
}
_OPEN: Final = "-open"


def offsets(data: Sequence[Json], layout: Mapping[str, Any]) -> dict[str, float]:
    """How far each group of marks or bars lies from the middle of its name, in names."""
    if "group" not in {layout.get("scattermode"), layout.get("barmode")}:
        return {}
    groups = list(dict.fromkeys(t["offsetgroup"] for t in data if "offsetgroup" in t))
    return {
        group: _GROUP * ((place + 0.5) / len(groups) - 0.5) for place, group in enumerate(groups)
    }


def draw_trace(
    axes: Axes, trace: Json, scales: tuple[Scale, Scale], shift: Mapping[str, float]
) -> None:
    """Draw a line, marks or bars, with their intervals."""
    x, y = (scale.place(trace[side]) for scale, side in zip(scales, "xy", strict=True))
    own = shift.get(trace.get("offsetgroup", ""), 0.0)
    if trace.get("orientation") == "h":
        y = [value + own for value in y]
    else:
        x = [value + own for value in x]
    if trace["type"] == "bar":
        _bars(axes, trace, x, y, thickness=_GROUP / max(1, len(shift)))
    else:
        _scatter(axes, trace, x, y)
    _intervals(axes, trace, x, y)


def _scatter(axes: Axes, trace: Json, x: list[float], y: list[float]) -> None:
    mode, opacity = trace["mode"], trace.get("opacity", 1.0)
    if "lines" in mode:
        line = trace["line"]
        axes.plot(
            x,
            y,
            color=colour(line["color"]),
            linestyle=DASHES[line.get("dash", "solid")],
            linewidth=line["width"] * _POINTS,
            alpha=opacity,
        )
    if "markers" in mode:
        marker = trace["marker"]
        symbols = marker.get("symbol", "circle")
        each = [symbols] * len(x) if isinstance(symbols, str) else symbols
        for place, symbol in enumerate(each):
            look = marker_look({**marker, "symbol": symbol})
            axes.plot(x[place], y[place], linestyle="none", **look)
    for place, text in enumerate(trace.get("text", []) if "text" in mode else []):
        right = trace["textposition"] == "middle right"
        axes.annotate(
            text,
            (x[place], y[place]),
            xytext=(4, 0) if right else (0, 4),
            textcoords="offset points",
            ha="left" if right else "center",
            va="center" if right else "bottom",
            fontsize="small",
            color=colour(trace["textfont"]["color"]),
        )


def marker_look(marker: Json) -> dict[str, Any]:
    """Matplotlib's settings for a mark; of several symbols the first."""
    symbols = marker.get("symbol", "circle")
    symbol = symbols if isinstance(symbols, str) else next(iter(symbols), "circle")
    hollow = symbol.endswith(_OPEN)
    shape = _SYMBOLS[symbol.removesuffix(_OPEN)]
    own = colour(marker.get("color") or marker["line"]["color"])
    return {
        "marker": shape,
        "markersize": marker["size"] * _POINTS * (1.25 if symbol == "star" else 1.0),
        "markerfacecolor": "white" if hollow else own,
        "markeredgecolor": own,
        "markeredgewidth": 0.8 if hollow or shape in "|_" else 0.0,
    }


def _bars(axes: Axes, trace: Json, x: list[float], y: list[float], *, thickness: float) -> None:
    marker = trace["marker"]
    look = {"color": colour(marker["color"]), "alpha": marker.get("opacity", 1.0)}
    base = trace.get("base", 0.0)
    if trace.get("orientation") == "h":
        axes.barh(y, x, height=thickness, left=base, **look)
    else:
        axes.bar(x, y, width=thickness, bottom=base, **look)


def _intervals(axes: Axes, trace: Json, x: list[float], y: list[float]) -> None:
    for side in ("x", "y"):
        error = trace.get(f"error_{side}")
        if error is None:
            continue
        ends = [
            [half or 0.0 for half in error["arrayminus"]],
            [half or 0.0 for half in error["array"]],
        ]
        if not any(ends[1]):
            continue
        middle = x
        if side == "x" and "base" in trace:  # the interval is that of the bar's own length
            middle = [start + length for start, length in zip(trace["base"], x, strict=True)]
        axes.errorbar(
            middle,
            y,
            xerr=ends if side == "x" else None,
            yerr=ends if side == "y" else None,
            fmt="none",
            ecolor=colour(error["color"]),
            elinewidth=error["thickness"] * _POINTS,
            capsize=1.6,
            capthick=error["thickness"] * _POINTS,
        )


def draw_shape(axes: Axes, shape: Json) -> None:
    """Draw a shaded span, a vertical line or a horizontal one."""
    if shape["type"] == "rect":
        axes.axvspan(shape["x0"], shape["x1"], color=colour(shape["fillcolor"]), lw=0, zorder=0)
        return
    look = {
        "color": colour(shape["line"]["color"]),
        "linestyle": DASHES[shape["line"]["dash"]],
        "linewidth": shape["line"]["width"] * _POINTS,
        "zorder": 1,
    }
    if shape.get("yref") == "paper":
        axes.axvline(shape["x0"], **look)
    else:
        axes.axhline(shape["y0"], **look)
