"""The matrix of supported cells as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from crayfish_ctl.catalog import unsupported

if TYPE_CHECKING:
    from crayfish_ctl.catalog import Catalog


def matrix_table(catalog: Catalog) -> Table:
    """A row for each tool, a column for each runtime of each processor; the reasons below it.

    The last rows say which call modes a processor has beside `blocking`, and with several roots
    where it is from.
    """
    table = Table(title="supported cells", title_justify="left")
    systems = [(p, runtime) for p in catalog.processors.values() for runtime in p.runtimes]
    table.add_column("tool")
    for processor, runtime in systems:
        table.add_column(f"{processor.name}\n{runtime}")
    for kind in ("embedded", "external"):
        for tool in (tool.name for tool in catalog.tools.values() if tool.kind == kind):
            cells = ("-" if unsupported(p, runtime, tool) else "yes" for p, runtime in systems)
            table.add_row(tool, *cells)
        table.add_section()
    calls = ("\n".join(dict(p.calls).get(runtime, {})) or "-" for p, runtime in systems)
    table.add_row("calls", *calls)
    if len(catalog.roots.folders) > 1:
        table.add_row("root", *(escape(str(p.root)) for p, _ in systems))
    table.caption = "\n".join(
        f"{processor.name} {missing}: {why}"
        for processor in catalog.processors.values()
        for missing, why in processor.missing.items()
    )
    table.caption_justify = "left"
    return table
