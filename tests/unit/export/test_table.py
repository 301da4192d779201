from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl
import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.export import export
from crayfish_ctl.results import COLUMNS, load_results

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_record_of_every_run_is_in_the_table(folders: dict[str, Path], kind: str) -> None:
    results = load_results(folders["sustainable"])
    (path,) = export(results, kind).files
    # A rate of `max` is empty: the first run alone would not tell that the column holds numbers.
    read = partial(pl.read_csv, infer_schema_length=None) if kind == "csv" else pl.read_parquet
    table = read(path)

    assert path == folders["sustainable"] / "export" / f"records.{kind}"
    assert table["run_id"].unique(maintain_order=True).to_list() == [r.run_id for r in results.runs]
    assert {*COLUMNS, "verdict", "purpose", "workload", "rate", "latency_ms"} <= set(table.columns)
    for run in results.runs:
        own = table.filter(run_id=run.run_id)
        measured = own.filter(segment="measured", status="ok")
        assert run.counts is not None
        assert run.latency_ms is not None
        assert measured.height == run.counts.ok
        assert measured["latency_ms"].max() == pytest.approx(run.latency_ms.max)
        assert own["purpose"].unique().to_list() == [run.spec.purpose]
        assert own["rate"].unique().to_list() == [run.spec.cell.rate]


def test_an_unknown_format_is_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(CrayfishError, match="--format xlsx"):
        export(load_results(folders["bursty"]), "xlsx")


def test_a_folder_that_cannot_be_made_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CrayfishError, match="--out"):
        export(load_results(folders["bursty"]), "csv", tmp_path / "file" / "folder")


def test_without_records_there_is_nothing_to_export(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    manifest = (folders["bursty"] / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(manifest)

    with pytest.raises(CrayfishError, match="nothing to export"):
        export(load_results(tmp_path), "csv")
