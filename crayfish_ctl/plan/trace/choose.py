"""Which column of a file holds the arrivals: never guessed among several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_ctl.catalog.explain import meant
from crayfish_ctl.errors import CrayfishError

from .table import read_table
from .times import Times, is_known, times_of

if TYPE_CHECKING:
    from pathlib import Path

    from .table import Table

COLUMNS: Final = ("offset_s", "arrival_s")
"""Names that choose a column whatever else there is."""
_LISTED: Final = 12


def read_times(path: Path, column: str | None, flag: str) -> tuple[str, Times]:
    """The name of the column that holds the arrivals, and its times, every row of them a number.

    Args:
        path: of the .csv or .parquet file.
        column: that the user has named.
        flag: what names it, for messages.

    Raises:
        CrayfishError: naming file, column, row, and what is wrong.
    """
    table = read_table(path)
    name = _named(path, table, column, flag) if column else _only(path, table, flag)
    if not len(table.frame):
        raise CrayfishError(f"{path}: no arrival times in it", hint="one row for each record")
    times = times_of(table.frame[name], decimal_comma=table.decimal_comma)
    if times is None:
        raise CrayfishError(
            f"{path}: column {name}: holds neither numbers nor dates, but {table.frame[name][0]!r}",
            hint="times are offsets or Unix times in s, ms, us or ns, or dates like "
            "2024-01-01 10:00:00.5",
        )
    wrong = ~np.isfinite(times.seconds)
    if wrong.any():
        row = int(np.argmax(wrong))
        value = table.frame[name][row]
        said = "is empty" if value in {None, ""} else f"{value!r} is none of its {times.unit}"
        raise CrayfishError(
            f"{path}: line {row + 1 + table.header}: column {name}: {said}"
            if table.header
            else f"{path}: row {row + 1}: column {name}: {said}",
            hint="one arrival in each row, all written alike",
        )
    return name, times


def _named(path: Path, table: Table, column: str, flag: str) -> str:
    names = table.frame.columns
    if column not in names:
        raise CrayfishError(
            f"{path}: {flag}: has no column {column!r}{meant(column, names)}",
            hint=f"it has {_listed(names)}",
        )
    return column


def _only(path: Path, table: Table, flag: str) -> str:
    names = table.frame.columns
    exact = [name for name in names if name in COLUMNS]
    known = [name for name in names if is_known(name)]
    for chosen in (exact, known):
        if len(chosen) == 1:
            return chosen[0]
    candidates = known or [
        name
        for name in names
        if times_of(table.frame[name], decimal_comma=table.decimal_comma) is not None
    ]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates and not len(table.frame):
        raise CrayfishError(f"{path}: no arrival times in it: a header and no rows")
    if not candidates:
        raise CrayfishError(
            f"{path}: no column of numbers or dates; it has {_listed(names)}",
            hint=f"name the column of seconds {COLUMNS[0]}, or choose one with {flag}",
        )
    raise CrayfishError(
        f"{path}: columns {_listed(candidates)}: each could be the arrivals",
        hint=f"choose one with {flag}",
    )


def _listed(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
