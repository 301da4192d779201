"""The notebook of the docs runs, from its first cell to its last, against any results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from crayfish_ctl.analysis import write_summary
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import load_results
from tests.unit.report.experiments import kafka_overhead

if TYPE_CHECKING:
    import plotly.graph_objects as go

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
EXAMPLE = "results/20260101-120000-input-rate"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = kafka_overhead(tmp_path_factory.mktemp("results") / "kafka-overhead")
    write_summary(path, load_results(path))
    return path


def test_its_cells_run(folder: Path) -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert sources[0].count(EXAMPLE) == 1
    names: dict[str, Any] = {}
    for source in sources:
        exec(compile(source.replace(EXAMPLE, str(folder)), NOTEBOOK, "exec"), names)  # noqa: S102

    per_cell: pl.DataFrame = names["per_cell"]
    assert per_cell["runs"].to_list() == [2] * 8
    figure: go.Figure = names["figure"]
    assert [len(trace.x) for trace in figure.data] == [8, 8]  # 4 s in bins of half a second
    cores = dict(names["cores"].iter_rows())
    assert cores["flink-taskmanager"] == pytest.approx(0.6)


def test_it_carries_no_output() -> None:
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        assert cell.get("outputs", []) == []


def test_the_table_has_the_runs_of_the_summary(folder: Path) -> None:
    results = load_results(str(folder))
    table = results.table()

    assert table["run_id"].to_list() == [run.run_id for run in results.runs]
    assert table["latency_p99_ms"].to_list() == [
        run.latency_ms and run.latency_ms.p99 for run in results.runs
    ]
    assert table["rate"].dtype == pl.Float64
    assert "title" not in table.columns  # no run has one


def test_a_killed_experiment_has_no_table(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text((folder / "manifest.json").read_text())

    with pytest.raises(CrayfishError, match=r"summary\.csv: not there"):
        load_results(tmp_path).table()


def test_a_frame_has_times_relative_to_the_window(folder: Path) -> None:
    results = load_results(folder)
    run = results.runs[0]
    frame = results.frame(run.run_id)
    measured = frame.filter(segment="measured")

    assert measured["due_s"].to_list() == pytest.approx([i / 200 for i in range(800)], abs=1e-6)
    assert frame.filter(segment="warmup")["due_s"].max() == pytest.approx(-1 / 200, abs=1e-6)
    assert run.latency_ms is not None
    assert measured["latency_ms"].max() == pytest.approx(run.latency_ms.max)
    with pytest.raises(CrayfishError, match="no records of a run 99"):
        results.frame("99")
