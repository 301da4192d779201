"""`crayfish figures`: the report's figures for print."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import Annotated

import typer
from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(figures)


def figures(
    results_dir: Annotated[Path, typer.Argument(help="a folder under results/")],
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="svg, pdf or png; repeatable; without one: svg and pdf"),
    ] = None,
    width: Annotated[
        float, typer.Option(help="mm: 85 is a column, 180 the width of a page")
    ] = 85.0,
    only: Annotated[
        list[str] | None,
        typer.Option(help="a figure by its anchor in report.html (#scaling); repeatable"),
    ] = None,
) -> None:
    """Write the report's figures as files for a paper, into figures/ of the results folder."""
    from crayfish_ctl.report.paper import write_figures  # noqa: PLC0415  slow: only here
    from crayfish_ctl.results import load_results  # noqa: PLC0415

    written = write_figures(
        load_results(results_dir),
        formats=formats or ("svg", "pdf"),
        width_mm=width,
        only=[anchor.removeprefix("#") for anchor in only or []],
    )
    console = Console(highlight=False)
    for path in written:
        console.print(str(path), soft_wrap=True, markup=False)
