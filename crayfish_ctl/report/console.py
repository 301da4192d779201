"""The results on the terminal: what was measured, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.markup import escape
from rich.table import Table

from crayfish_ctl.results import VerdictState

from .numbers import NOTHING
from .tables import COLUMNS, cell_rows, run_rows
from .view import kafkas_of, models_of, view_cells

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.results import Results

_WIDE: Final = 220
"""Columns of a terminal that has room for the intervals."""
_STYLES: Final = {
    VerdictState.VALID: "green",
    VerdictState.INVALID: "yellow",
    VerdictState.FAILED: "red",
}


def print_results(results: Results, console: Console) -> None:
    """A table of the cells, then the reasons of every run that is not VALID."""
    cells = view_cells(results)
    models = models_of(cells)
    title = "; ".join([*([f"model {models}"] if models else []), *kafkas_of(cells)])
    table = Table(
        title=escape(title) or None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("system", no_wrap=True)
    table.add_column("workload", justify="right", no_wrap=True)
    rows = cell_rows(cells)
    used = [
        i
        for i, (_, column) in enumerate(COLUMNS)
        if column.console and any(row.values[i].text != NOTHING for row in rows)
    ]
    spread = console.width >= _WIDE
    for _, column in (COLUMNS[i] for i in used):
        table.add_column(f"{column.title}\n{column.under}", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        values = [
            f"{row.values[i].text} {row.values[i].spread if spread else ''}".strip() for i in used
        ]
        table.add_row(
            escape(row.series),
            escape(row.workload),
            *(value if row.trusted else f"[dim]{value}[/]" for value in values),
            f"[{_STYLES[row.state]}]{row.verdict}[/]",
        )
    console.print(table)
    for row in rows:
        for warning in row.warnings:
            name = f"{row.series} @ {row.workload}"
            console.print(f"[yellow]warning[/] {escape(name)}: {escape(warning)}", highlight=False)
    for line in (*results.unreadable, *results.manifest.not_run):
        console.print(f"[red]no result[/] {escape(line)}", highlight=False)
    for run in run_rows(cells):
        state = run.result.verdict.state
        if state is VerdictState.VALID:
            continue
        console.print(f"[{_STYLES[state]}]{state.value}[/] {escape(run.run_id)}", highlight=False)
        for code, message in run.lines:
            console.print(f"  {escape(code)}: {escape(message)}", highlight=False)
        for line in run.log_tail:
            console.print(f"    [dim]{escape(line)}[/]", highlight=False)
