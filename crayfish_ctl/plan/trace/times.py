"""A column of numbers or dates as seconds after its first arrival (or after zero).

Recorded times are offsets or Unix times, in seconds or in a part of them, or dates. The name says
the unit if it ends in one (`offset_ms`); Unix times show by their size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    Seconds = npt.NDArray[np.float64]

_UNITS: Final = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "ms": 10**3, "msec": 10**3, "millis": 10**3, "milliseconds": 10**3,
    "us": 10**6, "usec": 10**6, "micros": 10**6, "microseconds": 10**6,
    "ns": 10**9, "nsec": 10**9, "nanos": 10**9, "nanoseconds": 10**9,
}  # fmt: skip
_UNIT_WORDS: Final = {1: "seconds", 10**3: "ms", 10**6: "us", 10**9: "ns"}
_EPOCH: Final = (10**9, 10**10)
"""Unix times in seconds from 2001 to 2286; in ms, us and ns the thousandfold and so on."""
_NAMES: Final = frozenset(
    {
        "offset", "arrival", "arrivals", "arrived", "arrival_time", "arrival_timestamp",
        "arrival_offset", "timestamp", "time", "ts", "t", "date", "datetime", "date_time",
        "request_time", "request_timestamp", "invocation_time", "event_time",
    }
)  # fmt: skip
_DATE: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?"
)


@dataclass(frozen=True)
class Times:
    """A column as the trace takes it."""

    seconds: Seconds
    """float64[n], in the file's order; NaN where the row holds none."""
    unit: str
    """`seconds`, `ms`, `Unix times in ms`, `dates`."""
    absolute: bool
    """Dates and Unix times: their zero is no start of anything."""
    first: str
    last: str
    """As the file has them."""


def is_number(text: str) -> bool:
    """Whether a field is a number rather than a name."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_date(text: str) -> bool:
    """ISO 8601: date, and time of day with up to nine decimals, with T or a blank, with a zone."""
    return _DATE.fullmatch(text.strip()) is not None


def is_known(name: str) -> bool:
    """Whether a column's name says that it holds the times of arrivals."""
    words = _words(name)
    return "_".join(words) in _NAMES or (
        len(words) > 1 and words[-1] in _UNITS and "_".join(words[:-1]) in _NAMES
    )


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]


def _unit_of(name: str) -> int | None:
    words = _words(name)
    return _UNITS.get(words[-1]) if len(words) > 1 or words == ["seconds"] else None


def times_of(column: pl.Series, *, decimal_comma: bool) -> Times | None:
    """The column as times, or None if it holds neither numbers nor dates.

    A row that is no number among numbers is NaN.
    """
    import polars as pl  # noqa: PLC0415  half a second that most plans need not pay

    if column.dtype == pl.String:
        return _texts(column.str.strip_chars(), decimal_comma=decimal_comma)
    if not len(column):
        return None
    ends = str(column[0]), str(column[-1])
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        return _dates(column.cast(pl.Datetime("ns")), *ends)
    return _numbers(column, *ends) if column.dtype.is_numeric() else None


def _texts(texts: pl.Series, *, decimal_comma: bool) -> Times | None:
    import polars as pl  # noqa: PLC0415  see above

    filled = texts.drop_nulls()
    filled = filled.filter(filled != "")
    if not len(filled):
        return None
    ends = str(filled[0]), str(filled[-1])
    if is_date(ends[0]):
        return _dates(_parsed(texts), *ends)
    if decimal_comma:
        texts = texts.str.replace(",", ".", literal=True)
    column = texts.cast(pl.Int64, strict=False)
    if column.null_count():
        column = texts.cast(pl.Float64, strict=False)
    # A column of words with a number here and there is none of times.
    return None if column.null_count() > len(column) // 2 else _numbers(column, *ends)


def _parsed(texts: pl.Series) -> pl.Series:
    import polars as pl  # noqa: PLC0415  see above

    plain = (
        texts.str.replace("T", " ", literal=True)
        .str.replace(",", ".", literal=True)
        .str.replace(r"\s*(Z|UTC)$", "+0000")
    )
    whole = plain.str.replace(r"^(\d{4}-\d\d-\d\d)$", "$1 00:00:00").str.replace(
        r"^(\S+ \d\d:\d\d)($|[+-])", "$1:00$2"
    )
    zoned = whole.str.replace(r"(\d)([+-]\d\d):?(\d\d)$", "$1 $2$3")
    if zoned.str.contains(r" [+-]\d{4}$").any():
        zoned = zoned.str.replace(r"^(\S+ \S+)$", "$1 +0000")
        found = zoned.str.to_datetime("%Y-%m-%d %H:%M:%S%.f %z", time_unit="ns", strict=False)
        return found.cast(pl.Datetime("ns"))
    return zoned.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ns", strict=False)


def _dates(moments: pl.Series, first: str, last: str) -> Times:
    return Times(_scaled(moments.to_physical(), 10**9, shift=True), "dates", True, first, last)


def _numbers(column: pl.Series, first: str, last: str) -> Times:
    named = _unit_of(column.name)
    unit = named or 1
    least = _least(column)
    for scale in (1, 10**3, 10**6, 10**9) if named is None else (named,):
        if _EPOCH[0] * scale <= least < _EPOCH[1] * scale:
            words = f"Unix times in {_UNIT_WORDS[scale]}"
            return Times(_scaled(column, scale, shift=True), words, True, first, last)
    return Times(_scaled(column, unit, shift=False), _UNIT_WORDS[unit], False, first, last)


def _least(column: pl.Series) -> float:
    values = column.drop_nulls()
    if values.dtype.is_float():
        values = values.filter(values.is_finite())
    return float(values.min()) if len(values) else 0.0  # type: ignore[arg-type]


def _scaled(column: pl.Series, scale: int, *, shift: bool) -> Seconds:
    """Seconds; whole numbers lose their zero first, of which a float would keep half the digits."""
    import polars as pl  # noqa: PLC0415  see above

    if shift and len(column.drop_nulls()):
        column -= column.min()
    seconds: Seconds = column.cast(pl.Float64).fill_null(float("nan")).to_numpy() / scale
    return seconds
