"""The sizes of executions: a figure where something was put together, a dash where nobody knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.report.figures.executions import executions_by_size, sizes_of, sizes_text
from crayfish_ctl.report.numbers import NOTHING
from crayfish_ctl.report.view import view_cells
from crayfish_ctl.results.numbers import BatchSizes, ServerFacts

from .experiments import FLOOD, Folder, called

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.report.view import CellView

SHORT = replace(FLOOD, tool="triton", seconds=1.0)
BOUNDS = (1, 2, 3, 4, 6, 8)


def counted(*counts: int, of: str = "requests") -> BatchSizes:
    return BatchSizes(of=of, bounds=BOUNDS[: len(counts)], counts=counts)


def cells(path: Path, *runs: BatchSizes | None) -> list[CellView]:
    folder = Folder(path, "sizes")
    for repetition in range(len(runs)):
        folder.add(SHORT, repetition + 1, cell=called(8))
    found = folder.results()
    both = zip(found.runs, runs, strict=True)
    facts = [run.model_copy(update={"server": ServerFacts(batch_sizes=own)}) for run, own in both]
    return view_cells(replace(found, runs=tuple(facts)))


def test_a_cell_has_a_panel_up_to_the_largest_size_that_occurred(tmp_path: Path) -> None:
    figure = executions_by_size(cells(tmp_path / "a", counted(1, 0, 0, 2, 1, 0)))
    assert figure is not None
    (panel,) = figure.panels
    (bars,) = panel.data
    assert bars["x"] == ["1", "2", "3", "4", "5 to 6"]
    assert bars["y"] == [0.25, 0.0, 0.0, 0.5, 0.25]


def test_runs_of_a_cell_are_taken_together(tmp_path: Path) -> None:
    (cell,) = cells(tmp_path / "a", counted(3, 1), None, counted(1, 1, 2))
    sizes = sizes_of(cell)
    assert sizes == BatchSizes(bounds=(1, 2, 3), counts=(4, 2, 2))
    assert sizes_text(sizes) == "1; 3"


@pytest.mark.parametrize("sizes", [None, counted(7), counted(7, 0, 0)])
def test_without_anything_put_together_there_is_no_figure(
    tmp_path: Path, sizes: BatchSizes | None
) -> None:
    assert executions_by_size(cells(tmp_path / "a", sizes)) is None


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        (counted(5), "1; 1"),
        (counted(2, 1, 1), "1; 3"),
        (counted(2, 0, 3), "3; 3"),
        (counted(0, 0, 0, 0, 1, 1), "5 to 6; 7 to 8"),
        (BatchSizes(bounds=(1, 4, None), counts=(1, 1, 1)), "2 to 4; over 4"),
        (counted(1, 3, of="points"), "2; 2 points"),
        (None, NOTHING),
        (counted(0, 0), NOTHING),
    ],
)
def test_the_median_and_the_largest(sizes: BatchSizes | None, text: str) -> None:
    assert sizes_text(sizes) == text
