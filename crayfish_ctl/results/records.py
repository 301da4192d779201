"""`records.parquet`: what became of every record, from the producer's and the consumer's files.

The join is by id. A record without a result stays in the table with nulls; a second result of an
id only raises `duplicates` of the first.
"""

from __future__ import annotations

from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from crayfish_contract.arrays import RECEIVED, RECEIVED_FILE, SENT, SENT_FILE
from crayfish_contract.codec import Reason, Segment, Status

from .files import RECORDS_FILE, replacing

if TYPE_CHECKING:
    from pathlib import Path

_SEGMENTS: Final = {Segment.WARMUP.value: "warmup", Segment.MEASURED.value: "measured"}


_REASONS: Final = {reason.value: reason.name.lower() if reason else None for reason in Reason}


class RecordStatus(StrEnum):
    """The `status` column."""

    OK = "ok"
    FAILED = "failed"
    LOST = "lost"
    UNFINISHED = "unfinished"
    UNDELIVERED = "undelivered"


COLUMNS: Final = {
    "id": pl.UInt64,
    "segment": pl.String,
    "intended_ns": pl.Int64,
    "sent_ns": pl.Int64,
    "received_ns": pl.Int64,
    "scored_ns": pl.Int64,
    "consumed_ns": pl.Int64,
    "in_append_ms": pl.Int64,
    "out_append_ms": pl.Int64,
    "status": pl.String,
    "batch": pl.UInt32,
    "prediction": pl.Int32,
    "correct": pl.Int32,
    "deviation": pl.Float32,
    "duplicates": pl.UInt32,
    "reason": pl.String,
    "waited_us": pl.UInt32,
}
"""The table's columns in order; docs/results.md says what each holds."""


def row_files(path: Path) -> list[Path]:
    """A row file, or those of several subtasks: x.bin, x.0.bin, x.1.bin ..."""
    return sorted(path.parent.glob(f"{path.stem}*{path.suffix}"))


def read_rows(path: Path, dtype: np.dtype[Any]) -> pl.DataFrame:
    """The rows of a file of fixed-width rows, or of all `row_files`; none if there is no file.

    A row that a killed process left unfinished at the end is dropped.
    """
    parts = [np.fromfile(file, dtype=dtype) for file in row_files(path)]
    rows = np.concatenate(parts) if parts else np.empty(0, dtype=dtype)
    return pl.DataFrame({name: np.ascontiguousarray(rows[name]) for name in dtype.names or ()})


def join_records(
    sent: pl.DataFrame, received: pl.DataFrame, *, batch: int, missing: RecordStatus
) -> pl.DataFrame:
    """One row per id of the warm-up and the measured segment, in the order of the schedule.

    Args:
        sent: rows of `arrays.SENT`.
        received: rows of `arrays.RECEIVED`, in the order in which they were consumed.
        batch: points in a record, for those that never came back.
        missing: what a delivered record without a result is: LOST or UNFINISHED.
    """
    results = (
        received.filter(pl.col("segment").is_in(list(_SEGMENTS)))
        .with_columns(duplicates=(pl.len().over("id") - 1).cast(pl.UInt32))
        .unique("id", keep="first", maintain_order=True)
        .rename({"status": "result"})
    )
    joined = sent.join(results, on="id", how="full", coalesce=True, suffix="_header")
    return (
        joined.with_columns(
            pl.coalesce(name, f"{name}_header") for name in ("segment", "intended_ns", "sent_ns")
        )
        .with_columns(
            pl.col("segment").replace_strict(_SEGMENTS, return_dtype=pl.String),
            _status(missing).alias("status"),
            _null_if("in_append_ms", -1),
            _null_if("out_append_ms", -1),
            _null_if("received_ns", 0),
            _null_if("scored_ns", 0),
            _null_if("prediction", -1),
            _null_if("correct", -1),
            pl.col("deviation").fill_nan(None),
            # Of one that never came back there is no reason either.
            pl.col("reason")
            .fill_null(Reason.NONE.value)
            .replace_strict(_REASONS, default=Reason.OTHER.name.lower(), return_dtype=pl.String),
            pl.col("batch").fill_null(batch),
            pl.col("duplicates").fill_null(0),
        )
        .select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
        .sort("intended_ns", "id")
    )


def _status(missing: RecordStatus) -> pl.Expr:
    return (
        pl.when(pl.col("result") == Status.OK.value)
        .then(pl.lit(RecordStatus.OK.value))
        .when(pl.col("result").is_not_null())
        .then(pl.lit(RecordStatus.FAILED.value))
        .when(pl.col("delivery_error") != 0)
        .then(pl.lit(RecordStatus.UNDELIVERED.value))
        .otherwise(pl.lit(missing.value))
    )


def _null_if(name: str, value: int) -> pl.Expr:
    return pl.when(pl.col(name) != value).then(pl.col(name)).alias(name)


def read_joined(out_dir: Path, *, batch: int, missing: RecordStatus) -> pl.DataFrame:
    """Join the two files of a run's `out` folder; see `join_records`."""
    return join_records(
        read_rows(out_dir / SENT_FILE, SENT),
        read_rows(out_dir / RECEIVED_FILE, RECEIVED),
        batch=batch,
        missing=missing,
    )


def write_records(run_dir: Path, records: pl.DataFrame) -> None:
    """Write `records.parquet`.

    Raises:
        CrayfishError: if it cannot be written; then no half file is left.
    """
    table = BytesIO()
    records.write_parquet(table, compression="zstd")
    with replacing(run_dir / RECORDS_FILE) as temporary:
        temporary.write_bytes(table.getbuffer())
