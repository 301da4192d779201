"""What a call is made of: the parts add up, and what nobody counts is said to be unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.cells import Call
from crayfish_ctl.report.figures.calls import call_parts, parts_ms
from crayfish_ctl.report.numbers import NOTHING, estimate_text
from crayfish_ctl.report.view import view_cells
from crayfish_ctl.results.numbers import BatchSizes, ServerFacts

from .experiments import FLOOD, RAW, Folder, called

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.results import Results

SHORT = replace(FLOOD, tool="triton", service_ms=2.0, seconds=1.0, send_rate=2000.0)
TRITON = ServerFacts(
    requests_per_execution=4.0,
    batch_sizes=BatchSizes(bounds=(1, 2, 4, 8), counts=(1, 0, 6, 2)),
    queue_ms=0.25,
    compute_ms=0.5,
    total_ms=1.0,
)


def with_server(results: Results, *facts: ServerFacts | None) -> Results:
    runs = zip(results.runs, facts, strict=True)
    return replace(
        results, runs=tuple(run.model_copy(update={"server": each}) for run, each in runs)
    )


def measured(folder: Path, server: ServerFacts | None, **cell: Any) -> Results:
    made = Folder(folder, "calls")
    made.add(SHORT, cell=called(4) | cell)
    return with_server(made.results(), server)


def test_the_parts_add_up_to_the_wait_and_the_call(tmp_path: Path) -> None:
    (run,) = measured(tmp_path / "a", TRITON).runs
    parts = parts_ms(run)
    assert list(parts) == ["wait", "way", "server", "queue", "model"]
    assert (parts["server"], parts["queue"], parts["model"]) == (0.25, 0.25, 0.5)
    wait = run.stages_ms["wait"].mean if "wait" in run.stages_ms else 0.0
    assert sum(parts.values()) == pytest.approx(wait + run.stages_ms["score"].mean)


def test_bars_are_stacked_and_the_table_has_the_batches(tmp_path: Path) -> None:
    figure = call_parts(view_cells(measured(tmp_path / "a", TRITON, batch_size=8)))
    assert figure is not None
    (panel,) = figure.panels
    assert [trace["name"] for trace in panel.data] == [key.label for key in figure.legend]
    bars = sorted((trace["base"][0], trace["x"][0]) for trace in panel.data)
    for (start, length), (following, _) in pairwise(bars):
        assert following == pytest.approx(start + length)
    assert figure.table is not None
    (row,) = figure.table.rows
    assert row[6:] == ("8", "4", "3 to 4; 5 to 8", "32")


def test_a_server_that_counts_no_times_is_one_bar(tmp_path: Path) -> None:
    figure = call_parts(view_cells(measured(tmp_path / "a", ServerFacts(requests_per_s=500.0))))
    assert figure is not None
    names = [trace["name"] for trace in figure.panels[0].data]
    assert "client, network, and what the server does not count" in names
    assert not {"its model", "the server's queue", "the rest of the server"} & {*names}
    assert figure.table is not None
    (row,) = figure.table.rows
    assert row[7:] == (NOTHING, NOTHING, NOTHING)


def test_a_server_that_counts_more_than_the_call_makes_no_bar_negative(tmp_path: Path) -> None:
    (run,) = measured(tmp_path / "a", ServerFacts(compute_ms=500.0, total_ms=400.0)).runs
    parts = parts_ms(run)
    assert (parts["way"], parts["server"], parts["model"]) == (0.0, 0.0, 500.0)


def test_how_large_a_batched_call_was_is_not_known(tmp_path: Path) -> None:
    batched = {"call": Call(mode="batched", records=16)}
    figure = call_parts(view_cells(measured(tmp_path / "a", TRITON, **batched)))
    assert figure is not None
    assert figure.table is not None
    (row,) = figure.table.rows
    assert row[6:] == ("up to 16", "4", "3 to 4; 5 to 8", estimate_text(None))


def test_a_bare_client_has_its_call(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "raw", "raw")
    folder.add(replace(RAW, tool="triton", seconds=1.0), cell=called(4))
    assert call_parts(view_cells(with_server(folder.results(), TRITON))) is not None


def test_without_a_server_there_is_no_figure(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "one", "one")
    folder.add(replace(SHORT, tool="onnx"))
    assert call_parts(view_cells(folder.results())) is None
