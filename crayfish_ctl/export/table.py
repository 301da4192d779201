"""One long table: every record of every run, with columns that say which run and which cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from crayfish_ctl.analysis.summary import cell_columns
from crayfish_ctl.results import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.results import Results, RunResult


_KINDS: Final = {"title": pl.String, "rate": pl.Float64}
"""Types of the columns that may have no value: each run's table must have the same."""


def write_table(results: Results, folder: Path, kind: str) -> Path:
    """Write `records.csv` or `records.parquet`, run by run: the whole never is in memory.

    Raises:
        CrayfishError: if it cannot be written; then no half file is left.
    """
    path = folder / f"records.{kind}"
    table = pl.concat(
        [_rows(results, run) for run in results.runs if results.has_records(run.run_id)]
    )
    with replacing(path) as temporary:
        if kind == "csv":
            table.sink_csv(temporary)
        else:
            table.sink_parquet(temporary, compression="zstd")
    return path


def _rows(results: Results, run: RunResult) -> pl.LazyFrame:
    about = {
        "run_id": run.run_id,
        "repetition": run.spec.repetition,
        "purpose": run.spec.purpose,
        "verdict": run.verdict.state.value,
        **cell_columns(run.spec.cell),
    }
    given = [pl.lit(value, dtype=_KINDS.get(name)).alias(name) for name, value in about.items()]
    latency = (pl.col("consumed_ns") - pl.col("intended_ns")) / 1e6
    return results.records(run.run_id).select(*given, pl.all(), latency.alias("latency_ms"))
