"""Arrival times from a user's file: a column of seconds after the start, in CSV or Parquet."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.runconfig import TraceArrivals
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    import numpy.typing as npt

    Seconds = npt.NDArray[np.float64]

COLUMNS: Final = ("offset_s", "arrival_s")
"""Names that choose a column; without one it is the first that holds numbers."""
_FOLDER: Final = "/points"
"""Where the producer finds it; the experiment's own folder of inputs is mounted there."""


def trace_arrivals(source: str, speed: float) -> TraceArrivals:
    """The arrival process of a file.

    Args:
        source: .csv (with or without a header) or .parquet.
        speed: 2 replays it twice as fast.

    Raises:
        CrayfishError: naming file, row and what is wrong.
    """
    offsets = read_trace(Path(source))
    return TraceArrivals(
        path=f"{_FOLDER}/{trace_file(source)}",
        records=len(offsets),
        seconds=float(offsets[-1]) / speed,
        speed=speed,
    )


def trace_file(source: str) -> str:
    """The name of its copy in the experiment's folder: of two files `day`, each has its own."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:8]
    return f"trace-{Path(source).stem}-{digest}.npy"


def copy_trace(source: str, folder: Path) -> None:
    """Write the offsets as float64 .npy, which the producer maps into its memory.

    Raises:
        CrayfishError: see `read_trace`.
    """
    np.save(folder / trace_file(source), read_trace(Path(source)))


def read_trace(path: Path) -> Seconds:
    """float64[n]: seconds after the start, ascending.

    Raises:
        CrayfishError: naming file, row and what is wrong.
    """
    offsets = _column(path)
    if not len(offsets):
        raise CrayfishError(f"{path}: no arrival times in it", hint="one row for each record")
    for wrong, what in (
        (~np.isfinite(offsets), "is no number"),
        (offsets < 0, "is negative: times are seconds after the start"),
        (np.diff(offsets, prepend=offsets[0]) < 0, "is earlier than the one before: sort the file"),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise CrayfishError(f"{path}: row {row + 1}: {offsets[row]} {what}")
    if offsets[-1] == 0:
        raise CrayfishError(f"{path}: all records are due at once", hint="use --rate max for that")
    return offsets


def _column(path: Path) -> Seconds:
    import polars as pl  # noqa: PLC0415  half a second that most plans need not pay

    try:
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8") as file:
                first = file.readline().split(",")[0]
            frame = pl.read_csv(path, has_header=not _is_number(first))
        else:
            raise CrayfishError(f"{path}: a trace is .csv or .parquet")
    except OSError as error:
        raise CrayfishError(f"{path}: {error.strerror or error}") from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise CrayfishError(f"{path}: cannot be read as a trace: {error}") from None
    named = [name for name in COLUMNS if name in frame.columns]
    numeric = [name for name in frame.columns if frame[name].dtype.is_numeric()]
    chosen = (named or numeric or [None])[0]
    if chosen is None or not frame[chosen].dtype.is_numeric():
        raise CrayfishError(
            f"{path}: no column of numbers; it has {', '.join(frame.columns)}",
            hint=f"name the column of seconds {COLUMNS[0]}",
        )
    return frame[chosen].cast(pl.Float64).to_numpy()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
