"""The results of `crayfish models check` as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from crayfish_ctl.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from .models_check import Checked

_SLOW = 10
"""points/s; below, a decimal says more."""


def show_checked(name: str, checked: Sequence[Checked], console: Console) -> ExitCode:
    """A row for each tool and runtime; returns what the command ends with.

    Args:
        name: of the model, with whose weights it has.
        checked: what each tool made of it.
        console: where to.
    """
    tolerance = max(each.tolerance for each in checked)
    table = Table(title=escape(f"{name}, tolerance {tolerance:.3g}"), title_justify="left")
    for column in ("tool", "runtime", "in", "points", "deviation", "points/s", "load", ""):
        numeric = column in {"points", "deviation", "points/s", "load"}
        table.add_column(column, justify="right" if numeric else "left")
    for each in checked:
        system = each.system
        table.add_row(
            system.tool,
            system.runtime,
            system.processor,
            f"{each.points:,}" if each.points else "-",
            "-" if each.deviation is None else f"{each.deviation:.2g}",
            "-" if each.rate is None else _rate(each.rate),
            "-" if each.load_s is None else f"{each.load_s:.1f} s",
            _word(each),
        )
    console.print(table)
    for each in checked:
        if each.error:
            text = f"{each.system.tool} ({each.system.runtime}): {each.error}"
            console.print(text, soft_wrap=True, markup=False)
    return ExitCode.OK if all(each.well for each in checked) else ExitCode.RUN_FAILED


def _rate(rate: float) -> str:
    return f"{rate:,.1f}" if rate < _SLOW else f"{rate:,.0f}"


def _word(each: Checked) -> str:
    if each.error:
        return "failed"
    if each.deviation is None:
        return "not compared"
    return "ok" if each.well else "differs"
