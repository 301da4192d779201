from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.report.figures import Figure, all_figures
from crayfish_ctl.report.view import view_cells
from crayfish_ctl.results import load_results
from tests.unit.report.experiments import EXPERIMENTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A results folder of each experiment."""
    base = tmp_path_factory.mktemp("experiments")
    return {name: make(base / name) for name, make in EXPERIMENTS.items()}


@pytest.fixture(scope="session")
def drawn(folders: dict[str, Path]) -> dict[str, dict[str, Figure]]:
    """The figures of each experiment, by their anchors."""
    found: dict[str, Any] = {}
    for name, folder in folders.items():
        results = load_results(folder)
        figures = all_figures(results, view_cells(results))
        found[name] = {figure.anchor: figure for figure in figures}
    return found
