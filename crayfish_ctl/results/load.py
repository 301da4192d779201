"""A results folder, read back: what `report` and `compare` start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from crayfish_ctl.errors import CrayfishError

from .files import MANIFEST_FILE, METRICS_FILE, RECORDS_FILE, RUN_FILE, read_model
from .inputs import read_metrics
from .manifest import Manifest
from .model import RunResult

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Results:
    """An experiment's folder: the runs in the order of the plan."""

    path: Path
    manifest: Manifest
    runs: tuple[RunResult, ...]

    def records(self, run_id: str) -> pl.LazyFrame:
        """A run's `records.parquet`; empty columns are not an error, a missing file is."""
        return pl.scan_parquet(self.path / run_id / RECORDS_FILE)

    def has_records(self, run_id: str) -> bool:
        """Whether the run came as far as records (a FAILED one did not)."""
        return (self.path / run_id / RECORDS_FILE).is_file()

    def metrics(self, run_id: str) -> pl.DataFrame:
        """A run's Prometheus series; empty if there are none."""
        return read_metrics(self.path / run_id / METRICS_FILE)


def load_results(results_dir: Path) -> Results:
    """Read an experiment's folder; runs without a `run.json` (killed half-way) are left out.

    Raises:
        CrayfishError: if it is no results folder, or a file in it cannot be read.
    """
    manifest = results_dir / MANIFEST_FILE
    if not manifest.is_file():
        raise CrayfishError(
            f"{results_dir}: no {MANIFEST_FILE} here, so this is not a results folder",
            hint="name one folder below results/, such as results/20260101-120000-input-rate",
        )
    runs = [read_model(path, RunResult) for path in sorted(results_dir.glob(f"*/{RUN_FILE}"))]
    return Results(
        path=results_dir,
        manifest=read_model(manifest, Manifest),
        runs=tuple(sorted(runs, key=lambda run: run.spec.index)),
    )
