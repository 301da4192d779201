"""The matrix of supported cells as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from crayfish_ctl.catalog import RUNTIMES, unsupported

if TYPE_CHECKING:
    from crayfish_ctl.catalog import Catalog


def matrix_table(catalog: Catalog) -> Table:
    """A row for each runtime of each processor, a column for each tool; the reasons below it."""
    table = Table(title="supported cells", title_justify="left")
    for column in ("processor", "runtime", *catalog.tools):
        table.add_column(column)
    reasons = []
    for processor in catalog.processors.values():
        for runtime in RUNTIMES:
            if runtime in processor.runtimes:
                cells = [
                    "-" if unsupported(processor, runtime, tool) else "yes"
                    for tool in catalog.tools
                ]
                table.add_row(processor.name, runtime, *cells)
        reasons += [
            f"{processor.name} {missing}: {why}" for missing, why in processor.missing.items()
        ]
    table.caption = "\n".join(reasons)
    table.caption_justify = "left"
    return table
