from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from crayfish_ctl.commands import export, figures
from tests.unit.report.experiments import stall

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stall(tmp_path_factory.mktemp("results") / "stall")


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer()
    figures.register(made)
    export.register(made)
    return made


def test_figures_are_written_and_named(app: typer.Typer, folder: Path) -> None:
    only = ["--only", "#distribution", "--only", "cpu"]
    result = CliRunner().invoke(app, ["figures", str(folder), "--format", "png", *only])

    assert result.exit_code == 0
    written = [f"{folder}/figures/{name}.png" for name in ("distribution", "cpu")]
    assert result.output.splitlines() == written
    assert sorted(map(str, (folder / "figures").iterdir())) == sorted(written)


def test_an_export_says_what_it_wrote(app: typer.Typer, folder: Path, tmp_path: Path) -> None:
    arguments = ["export", str(folder), "--format", "parquet", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert result.output.splitlines() == [str(tmp_path / "records.parquet")]
