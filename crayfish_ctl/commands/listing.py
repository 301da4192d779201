"""`crayfish ls`: what there is, and what is wrong with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from crayfish_ctl.errors import CrayfishError

from .matrix import matrix_table

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.catalog import Catalog


def show_catalog(catalog: Catalog, console: Console) -> None:
    """Print every processor, tool, model, profile and experiment.

    Raises:
        CrayfishError: after that, with what is wrong with each file that cannot be read.
    """
    console.print(matrix_table(catalog))
    for title, entries in (
        ("tools", {t.name: f"{t.title}, {t.kind}" for t in catalog.tools.values()}),
        ("models", {m.name: m.description for m in catalog.models.values()}),
        ("profiles", {p.name: p.description for p in catalog.profiles.values()}),
        (
            "experiments",
            {
                e.name: f"{e.question} ({', '.join(e.profiles)})"
                for e in catalog.experiments.values()
            },
        ),
    ):
        listing = Table(title=title, title_justify="left", show_header=False)
        for name, text in entries.items():
            listing.add_row(name, escape(text))
        console.print(listing)
    if catalog.broken:
        raise CrayfishError(
            "\n".join(error.message for error in catalog.broken.values()),
            hint="everything else can be used; who asks for one of these gets its error",
        )
