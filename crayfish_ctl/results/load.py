"""A results folder, read back: what `report` and `compare` start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from crayfish_ctl.errors import CrayfishError

from .files import (
    MANIFEST_FILE,
    METRICS_FILE,
    RECORDS_FILE,
    RUN_FILE,
    SUMMARY_FILE,
    read_model,
)
from .inputs import read_metrics
from .manifest import Manifest
from .model import RunResult


@dataclass(frozen=True, slots=True)
class Results:
    """An experiment's folder: the runs in the order of the plan."""

    path: Path
    manifest: Manifest
    runs: tuple[RunResult, ...]
    unreadable: tuple[str, ...] = ()
    """Of each run whose `run.json` cannot be read, the file and why."""

    def records(self, run_id: str) -> pl.LazyFrame:
        """A run's `records.parquet`; empty columns are not an error, a missing file is."""
        return pl.scan_parquet(self.path / run_id / RECORDS_FILE)

    def has_records(self, run_id: str) -> bool:
        """Whether the run came as far as records (a FAILED one did not)."""
        return (self.path / run_id / RECORDS_FILE).is_file()

    def frame(self, run_id: str) -> pl.DataFrame:
        """A run's records with two more columns.

        `due_s`: when the record was due, in seconds from the start of the measured window (the
        warm-up is below 0); `latency_ms`: from due to consumed.

        Raises:
            CrayfishError: if there is no such run, or if it has no records.
        """
        window = next((run.window for run in self.runs if run.run_id == run_id), None)
        if window is None or not self.has_records(run_id):
            raise CrayfishError(
                f"{self.path}: no records of a run {run_id}",
                hint=f"it has {', '.join(run.run_id for run in self.runs)}",
            )
        return (
            self.records(run_id)
            .with_columns(
                due_s=(pl.col("intended_ns") - window.start_ns) / 1e9,
                latency_ms=(pl.col("consumed_ns") - pl.col("intended_ns")) / 1e6,
            )
            .collect()
        )

    def table(self) -> pl.DataFrame:
        """The rows of `summary.csv` that are runs; columns without any value are left out.

        Raises:
            CrayfishError: if the folder has no summary (its experiment was killed).
        """
        path = self.path / SUMMARY_FILE
        if not path.is_file():
            raise CrayfishError(
                f"{path}: not there", hint="the experiment did not end: crayfish resume"
            )
        rows = pl.read_csv(path, infer_schema_length=None).filter(pl.col("row") == "run")
        return rows.select(column for column in rows if column.null_count() < rows.height)

    def metrics(self, run_id: str) -> pl.DataFrame:
        """A run's Prometheus series; empty if there are none."""
        return read_metrics(self.path / run_id / METRICS_FILE)


def load_results(results_dir: Path | str) -> Results:
    """Read an experiment's folder; runs without a readable `run.json` are left out.

    Raises:
        CrayfishError: if it is no results folder, or its manifest cannot be read.
    """
    results_dir = Path(results_dir)
    manifest = results_dir / MANIFEST_FILE
    if not manifest.is_file():
        raise CrayfishError(
            f"{results_dir}: no {MANIFEST_FILE} here, so this is not a results folder",
            hint="name one folder below results/, such as results/20260101-120000-input-rate",
        )
    runs, unreadable = [], []
    for path in sorted(results_dir.glob(f"*/{RUN_FILE}")):
        try:
            runs.append(read_model(path, RunResult))
        except CrayfishError as error:
            unreadable.append(error.message)
    return Results(
        path=results_dir,
        manifest=read_model(manifest, Manifest),
        runs=tuple(sorted(runs, key=lambda run: run.spec.index)),
        unreadable=tuple(unreadable),
    )
