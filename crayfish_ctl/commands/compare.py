"""`crayfish compare`: results folders against each other."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import Annotated, Literal

import typer
from rich.console import Console

from crayfish_ctl.errors import CrayfishError, ExitCode

_UNPIPED_WIDTH = 160


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(compare)


def compare(  # noqa: PLR0917  typer passes each by name
    base: Annotated[Path, typer.Argument(help="a folder under results/: what is compared with")],
    others: Annotated[list[Path], typer.Argument(help="one or more folders under results/")],
    threshold: Annotated[str, typer.Option(help="a difference up to this does not matter")] = "5%",
    undecided: Annotated[
        Literal["fail", "pass"],
        typer.Option(help="whether exit code 7 says that something may be worse"),
    ] = "fail",
    metric: Annotated[
        list[str] | None,
        typer.Option(help="a value of summary.csv, instead of what a cell is run for; repeatable"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="write the table as well: a .csv or .json file")
    ] = None,
) -> None:
    """Say what has become better or worse; exit code 6 if something is worse, 7 if it may be."""
    from crayfish_ctl.analysis.compare import compare_results  # noqa: PLC0415  slow: only here
    from crayfish_ctl.report.compare_console import print_comparison  # noqa: PLC0415
    from crayfish_ctl.report.compare_files import check_format, write_comparison  # noqa: PLC0415
    from crayfish_ctl.results import load_results  # noqa: PLC0415

    share = parse_share(threshold)
    if out is not None:
        check_format(out)
    found = compare_results(
        load_results(base), [load_results(other) for other in others], metric or [], share
    )
    width = None if sys.stdout.isatty() else _UNPIPED_WIDTH
    print_comparison(found, Console(highlight=False, width=width))
    if out is not None:
        write_comparison(out, found)
    if found.count("worse"):
        raise typer.Exit(ExitCode.REGRESSION)
    if undecided == "fail" and found.risks:
        raise typer.Exit(ExitCode.UNDECIDED)


def parse_share(text: str) -> float:
    """`5%`, `5 %` or `0.05`.

    Raises:
        CrayfishError: if it is none of these, or not from 0 to below 100 %.
    """
    number, percent, rest = text.partition("%")
    try:
        value = float(number) / 100 if percent else float(number)
    except ValueError:
        value = -1.0
    if rest.strip() or not 0 <= value < 1:
        raise CrayfishError(
            f"--threshold {text}: not a share from 0 to below 100 %",
            hint="write 5% or 0.05",
        )
    return value
