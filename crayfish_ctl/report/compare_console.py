"""A comparison of results folders on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.markup import escape
from rich.table import Table

from crayfish_ctl.analysis.search import SUSTAINABLE

from .numbers import NOTHING, number

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.analysis.comparison import ComparedResults, Comparison, Unmatched

_STYLES: Final = {"better": "green", "worse": "red", "within": "dim", "undecided": "yellow"}
_COLUMNS: Final = ("base", "other", "difference", "95 % interval", "p (Holm)", "would show")
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
            console.print(_table(rows, found.threshold))
        else:
            console.print("no cell with a VALID run is in both")
        for unmatched in found.unmatched:
            if unmatched.other == place:
                console.print(_unmatched(unmatched))
    worse, undecided = found.count("worse"), found.count("undecided")
    threshold = f"{100 * found.threshold:g} %"
    console.print(
        f"[{'red' if worse else 'green'}]{worse} regression{'s' if worse != 1 else ''}[/]: "
        f"significantly worse by more than {threshold}"
    )
    console.print(
        f"[{'yellow' if found.risks else 'green'}]{undecided} undecided[/]: neither that, nor "
        f"shown to be within {threshold}; {found.risks} of them may be worse by more"
    )


def _unmatched(found: Unmatched) -> str:
    text = f"{found.why}: {found.cell.system} @ {found.cell.workload}"
    if found.outcome is None:
        return escape(text)
    return f"[{_STYLES[found.outcome]}]{found.outcome}[/] {escape(text)}"


def _table(rows: list[Comparison], threshold: float) -> Table:
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
            NOTHING if row.decision.visible is None else f"{row.decision.visible:+.1%}",
            f"[{_STYLES[row.outcome]}]{verdict_text(row, threshold)}[/]",
        )
        shown = cell
    return table


def _estimate(found: Estimate) -> str:
    return f"{number(found.centre)}, n={found.n}"


def interval_text(row: Comparison) -> str:
    """`-12.0% to +3.1%`, or why there is none."""
    ratio = row.ratio
    if ratio is None:
        return "no ratio"
    if ratio.low is None or ratio.high is None:
        return "one run: none"
    if ratio.low == ratio.high:
        return f"{ratio.low - 1:+.1%}"
    return f"{ratio.low - 1:+.1%} to {ratio.high - 1:+.1%}"


def p_text(p_value: float | None) -> str:
    """`0.012`, `<0.001`."""
    if p_value is None:
        return NOTHING
    return f"<{_SMALLEST_P}" if p_value < _SMALLEST_P else f"{p_value:.3f}"


def verdict_text(row: Comparison, threshold: float) -> str:
    """The outcome; where nothing is decided, what would help."""
    if row.outcome == "within":
        return f"within {100 * threshold:g} %"
    if row.outcome != "undecided":
        return row.outcome
    if row.metric == SUSTAINABLE:
        return "undecided: search finer"
    if row.decision.runs_needed is None:
        return "undecided"
    return f"undecided: try {row.decision.runs_needed} runs each"
