"""Figures as plain Plotly JSON, with CSS variables as colours, so that they follow the theme.

`assets/report.js` replaces every `var(--name)` by its value in the theme that is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crayfish_ctl.analysis import Estimate

Json = dict[str, Any]

MAX_PANELS: Final = 12
"""A figure with one panel per cell shows the first so many cells."""


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
class Figure:
    """One or more panels with a title, and a caption that says how to read them."""

    anchor: str
    title: str
    caption: str
    panels: list[Panel]
    legend: list[Key] = field(default_factory=list)
    columns: int = 1


def interval(estimates: Sequence[Estimate | None], *, positive: bool = False) -> Json:
    """Error bars of the 95 % interval, cut at zero: no latency, rate or share lies below it.

    Args:
        estimates: what the bars belong to; None where there is nothing.
        positive: cut above zero, for a log axis.
    """
    halves = [found.half_width if found else None for found in estimates]
    reach = 0.9 if positive else 1.0
    below = [
        min(half, reach * found.mean) if found and half is not None else half
        for half, found in zip(halves, estimates, strict=True)
    ]
    return {
        "type": "data",
        "symmetric": False,
        "array": halves,
        "arrayminus": below,
        "thickness": 1.4,
        "width": 4,
    }


def means(estimates: Sequence[Estimate | None]) -> list[float | None]:
    """The means, None where there is nothing."""
    return [found.mean if found else None for found in estimates]


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


def seconds_axis() -> Json:
    """Time since the measured window began."""
    return axis("seconds since the measured window began", zeroline=False)
