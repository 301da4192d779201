"""The formats by name, and what an export leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

from .published import write_published
from .table import write_table

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.results import Results

FORMATS: Final = ("crayfish-csv", "csv", "parquet")
FOLDER: Final = "export"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and which runs were left out."""

    files: tuple[Path, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """(run, why)."""


def export(results: Results, kind: str, out: Path | None = None) -> Exported:
    """Write the results in another format.

    Args:
        results: what was measured.
        kind: one of `FORMATS`.
        out: the folder; without one `export/` in the results folder.

    Raises:
        CrayfishError: if there is no such format, nothing to export, or no room to write it.
    """
    if kind not in FORMATS:
        raise CrayfishError(f"--format {kind}: unknown", hint=f"choose {', '.join(FORMATS)}")
    if not any(results.has_records(run.run_id) for run in results.runs):
        raise CrayfishError(
            f"{results.path}: no run has records, so there is nothing to export",
            hint="see why the runs FAILED: crayfish report",
        )
    folder = out or results.path / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrayfishError(f"--out {folder}: {error.strerror}") from None
    if kind == "crayfish-csv":
        files, left_out = write_published(results, folder)
        return Exported(tuple(files), tuple(left_out))
    return Exported((write_table(results, folder, kind),))
