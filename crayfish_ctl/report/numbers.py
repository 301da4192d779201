"""Numbers as people read them: three significant digits, thousands apart, a dash for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from crayfish_ctl.analysis import Estimate

NOTHING: Final = "\N{EN DASH}"
_PLAIN_ABOVE: Final = 1000
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP: Final = 1024


def number(value: float | None) -> str:
    """`0.00123`, `2.60`, `17.1`, `1,759`."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    if abs(value) >= _PLAIN_ABOVE or float(value).is_integer():
        return f"{value:,.0f}"
    digits = max(0, 2 - _exponent(value))
    return f"{value:.{digits}f}"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def percent(value: float | None) -> str:
    """`97.22 %`."""
    return NOTHING if value is None else f"{value:.2%}".replace("%", " %")


def plus_minus(estimate: Estimate | None) -> str:
    """`± 0.12`: half of the confidence interval; nothing for a single run."""
    if estimate is None or estimate.half_width is None:
        return ""
    half = estimate.half_width
    if half == 0:
        return "± 0"
    digits = max(0, 1 - _exponent(half))
    return f"± {half:,.{digits}f}"


def seconds(value: float) -> str:
    """`1 min 12 s`, `3.4 s`."""
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{number(value)} s"


def size(value: float | None) -> str:
    """`1.5 GiB`."""
    if value is None:
        return NOTHING
    for unit in _UNITS:
        if value < _STEP or unit == _UNITS[-1]:
            break
        value /= _STEP
    return f"{number(value)} {unit}"
