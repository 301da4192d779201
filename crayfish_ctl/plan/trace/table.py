"""The file of a trace as columns of texts (.csv) or of the file's own types (.parquet)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

from .times import is_date, is_number

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_SEPARATORS: Final = (",", ";", "\t")
_LOOKED_AT: Final = 1_000_000
"""Lines among which the first one of another length is looked for, to be named."""


@dataclass(frozen=True)
class Table:
    """What was in the file."""

    frame: pl.DataFrame
    header: int
    """Lines above the first row, so that a row can be named as an editor counts."""
    decimal_comma: bool = False


def read_table(path: Path) -> Table:
    """The file as it is; nothing is interpreted yet.

    Raises:
        CrayfishError: naming the file, and the row where there is one.
    """
    import polars as pl  # noqa: PLC0415  half a second that most plans need not pay

    try:
        match path.suffix.lower():
            case ".parquet":
                return Table(pl.read_parquet(path), header=0)
            case ".csv":
                return _csv(path)
    except OSError as error:
        raise CrayfishError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise CrayfishError(f"{path}: not UTF-8 text", hint="save it as UTF-8") from None
    except pl.exceptions.PolarsError:
        raise CrayfishError(f"{path}: cannot be read as a {path.suffix} file") from None
    raise CrayfishError(f"{path}: a trace is .csv or .parquet")


def _csv(path: Path) -> Table:
    import polars as pl  # noqa: PLC0415  see above

    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline().rstrip("\r\n")
    if not first.strip():
        raise CrayfishError(f"{path}: is empty, or begins with an empty line")
    separator = max(_SEPARATORS, key=first.count)
    fields = [field.strip() for field in next(csv.reader([first], delimiter=separator))]
    comma = separator != ","
    bare = any(is_number(f.replace(",", ".") if comma else f) or is_date(f) for f in fields)
    if bare and len(fields) > 1:
        what = " or a number with a decimal comma" if separator == "," else ""
        raise CrayfishError(
            f"{path}: row 1: {first[:60]}: several columns{what}, and no header line to name them",
            hint="put a line with the names of the columns above it, or leave one column in it"
            + (", with decimal points" if what else ""),
        )
    try:
        # As texts: what a column holds is decided by all of its rows, not by the first hundred.
        frame = pl.read_csv(
            path, has_header=not bare, infer_schema=False, separator=separator, encoding="utf8"
        )
    except pl.exceptions.PolarsError:
        raise _ragged(path, separator, len(fields)) from None
    if bare:
        frame.columns = ["1"]
    return Table(frame, header=0 if bare else 1, decimal_comma=comma)


def _ragged(path: Path, separator: str, columns: int) -> CrayfishError:
    """The row that has another number of fields than the first."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        try:
            for number, row in enumerate(csv.reader(file, delimiter=separator)):
                if len(row) > columns:
                    return CrayfishError(
                        f"{path}: line {number + 1}: has {len(row)} fields, the first line has "
                        f"{columns}",
                        hint="decimal commas? write 0.5, or separate the columns by ;",
                    )
                if number > _LOOKED_AT:
                    break
        except csv.Error:
            pass
    return CrayfishError(f"{path}: cannot be read as a .csv file")
