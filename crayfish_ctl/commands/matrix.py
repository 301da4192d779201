"""The matrix of supported cells as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from crayfish_ctl.catalog import RUNTIMES, unsupported

if TYPE_CHECKING:
    from crayfish_ctl.catalog import Catalog


def matrix_table(catalog: Catalog) -> Table:
    """A row for each runtime of each processor, a column for each tool; the reasons below it."""
    table = Table(title="supported cells", title_justify="left")
    several = len(catalog.roots.folders) > 1
    for column in ("processor", "runtime", *catalog.tools, *(["root"] if several else [])):
        table.add_column(column)
    reasons = []
    for processor in catalog.processors.values():
        for runtime in RUNTIMES:
            if runtime in processor.runtimes:
                cells = [
                    "-" if unsupported(processor, runtime, tool) else "yes"
                    for tool in catalog.tools
                ]
                root = [escape(str(processor.root))] if several else []
                table.add_row(processor.name, runtime, *cells, *root)
        reasons += [
            f"{processor.name} {missing}: {why}" for missing, why in processor.missing.items()
        ]
    table.caption = "\n".join(reasons)
    table.caption_justify = "left"
    return table
