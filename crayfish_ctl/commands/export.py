"""`crayfish export`: results in other people's formats."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import Annotated

import typer
from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(export)


def export(
    results_dir: Annotated[Path, typer.Argument(help="a folder under results/")],
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            help="crayfish-csv: the latency files of the published study; csv or parquet: all "
            "records in one table",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="the folder; without one: export/ in the results folder")
    ] = None,
) -> None:
    """Write the records in another format."""
    from crayfish_ctl.export import export as write  # noqa: PLC0415  slow: only here
    from crayfish_ctl.results import load_results  # noqa: PLC0415

    exported = write(load_results(results_dir), kind, out)
    console = Console(highlight=False, markup=False)
    for path in exported.files:
        console.print(str(path), soft_wrap=True, markup=False)
    for run, why in exported.left_out:
        console.print(f"left out: {run} ({why})", soft_wrap=True, markup=False)
