"""Numbers as people read them: three significant digits, thousands apart, a dash for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_ctl.analysis import Estimate, Ratio

NOTHING: Final = "\N{EN DASH}"
_PLAIN_ABOVE: Final = 1000
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP: Final = 1024
_PAIR: Final = 2


def number(value: float | None) -> str:
    """`0.00123`, `2.60`, `17.1`, `1,759`."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    if abs(value) >= _PLAIN_ABOVE or float(value).is_integer():
        return f"{value:,.0f}"
    digits = max(0, 2 - _exponent(value))
    return f"{value:,.{digits}f}"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def percent(value: float | None) -> str:
    """`97.22 %`."""
    return NOTHING if value is None else f"{value:.2%}".replace("%", " %")


def range_text(estimate: Estimate | None, show: Callable[[float | None], str] = number) -> str:
    """`16.6 to 17.5`: the 95 % interval; nothing without one (fewer than three runs)."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return _range(estimate.low, estimate.high, show)


def _range(low: float, high: float, show: Callable[[float | None], str]) -> str:
    """With as many digits as it takes to tell the ends apart."""
    texts = show(low), show(high)
    if texts[0] == texts[1] and low != high and show is number:
        digits = max(0, 1 - _exponent(high - low))
        texts = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)


def centre_text(estimate: Estimate | None, show: Callable[[float | None], str] = number) -> str:
    """`17.1`; of two runs `16.9 and 17.3`: there is no interval, so they are shown themselves."""
    if estimate is None:
        return NOTHING
    if estimate.n != _PAIR or not estimate.values:
        return show(estimate.centre)
    texts = [show(value) for value in estimate.values]
    return texts[0] if texts[0] == texts[1] else " and ".join(texts)


def runs_text(estimate: Estimate) -> str:
    """`95 % interval 16.6 to 17.5`, `two runs`, `one run`: what a number is of."""
    found = range_text(estimate)
    return f"95 % interval {found}" if found else "two runs" if estimate.n == _PAIR else "one run"


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


def interval_text(ratio: Ratio | None, show: Callable[[float | None], str] = number) -> str:
    """`0.91 to 1.08`: the 95 % interval of a ratio; a dash where a side has a single run."""
    if ratio is None or ratio.low is None or ratio.high is None:
        return NOTHING
    return f"{show(ratio.low)} to {show(ratio.high)}"


def ratio_text(ratio: Ratio | None) -> str:
    """`1.84 x`."""
    return NOTHING if ratio is None else f"{number(ratio.value)} x"


def estimate_text(estimate: Estimate | None) -> str:
    """`17.1 (16.6 to 17.5)`: the centre, and its interval if there is one."""
    found = range_text(estimate)
    return f"{centre_text(estimate)} ({found})" if found else centre_text(estimate)
