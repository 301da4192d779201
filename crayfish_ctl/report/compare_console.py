"""A comparison of results folders on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.markup import escape
from rich.table import Table

from .numbers import NOTHING, number, plus_minus

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.analysis.compare import ComparedResults, Comparison

_STYLES: Final = {"better": "green", "worse": "red", "no difference": "dim", "unknown": "yellow"}
_COLUMNS: Final = ("base", "other", "difference", "95 % interval", "p (Holm)")
_SMALLEST_P: Final = 0.001


def print_comparison(found: ComparedResults, console: Console) -> None:
    """For each of the others: warnings, the table, and the cells that have no counterpart."""
    for place, name in enumerate(found.others):
        console.print(f"\n[bold]{escape(name)}[/] against [bold]{escape(found.base)}[/]")
        for other, text in found.warnings:
            if other == place:
                console.print(f"[yellow]differs:[/] {escape(text)}", soft_wrap=True)
        rows = [row for row in found.comparisons if row.other == place]
        if rows:
            console.print(_table(rows))
        else:
            console.print("no cell with a VALID run is in both")
        for unmatched in found.unmatched:
            if unmatched.other == place:
                cell = unmatched.cell
                console.print(
                    f"{escape(unmatched.why)}: {escape(cell.system)} @ {escape(cell.workload)}"
                )
    count = len(found.regressions)
    text = f"{count} regression{'s' if count != 1 else ''}"
    console.print(
        f"[{'red' if count else 'green'}]{text}[/]: significantly worse by more than "
        f"{100 * found.threshold:g} %"
    )


def _table(rows: list[Comparison]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("cell")
    table.add_column("metric", no_wrap=True)
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    shown = ""
    for row in rows:
        cell = f"{row.cell.system} @ {row.cell.workload}"
        table.add_row(
            "" if cell == shown else escape(cell),
            row.metric,
            _estimate(row.base),
            _estimate(row.ours),
            NOTHING if row.change is None else f"{row.change:+.1%}",
            interval_text(row),
            p_text(row.adjusted_p),
            f"[{_STYLES[row.outcome]}]{verdict_text(row)}[/]",
        )
        shown = cell
    return table


def _estimate(found: Estimate) -> str:
    return f"{number(found.mean)} {plus_minus(found)} (n={found.n})".replace("  ", " ")


def interval_text(row: Comparison) -> str:
    """`-12.0% to +3.1%`, or why there is none."""
    ratio = row.ratio
    if ratio is None:
        return "no ratio"
    if ratio.low is None or ratio.high is None:
        return "one run: none"
    return f"{ratio.low - 1:+.1%} to {ratio.high - 1:+.1%}"


def p_text(p_value: float | None) -> str:
    """`0.012`, `<0.001`."""
    if p_value is None:
        return NOTHING
    return f"<{_SMALLEST_P}" if p_value < _SMALLEST_P else f"{p_value:.3f}"


def verdict_text(row: Comparison) -> str:
    """The outcome; a regression is marked."""
    return f"{row.outcome}: regression" if row.regression else row.outcome
