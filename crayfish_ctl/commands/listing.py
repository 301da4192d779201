"""`crayfish ls`: what there is, and what is wrong with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from crayfish_ctl.errors import CrayfishError

from .matrix import matrix_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from crayfish_ctl.catalog import Catalog, Model
    from crayfish_ctl.catalog.model import Entry


def show_catalog(catalog: Catalog, console: Console) -> None:
    """Print every processor, tool, model, profile and experiment.

    Raises:
        CrayfishError: after that, with what is wrong with each file that cannot be read.
    """
    console.print(matrix_table(catalog))
    listings: tuple[tuple[str, Sequence[tuple[Entry, str]]], ...] = (
        ("tools", [(t, f"{t.title}, {t.kind}") for t in catalog.tools.values()]),
        ("models", [(m, _of_model(m)) for m in catalog.models.values()]),
        ("profiles", [(p, p.description) for p in catalog.profiles.values()]),
        (
            "experiments",
            [(e, f"{e.question} ({', '.join(e.profiles)})") for e in catalog.experiments.values()],
        ),
    )
    for title, entries in listings:
        listing = Table(title=title, title_justify="left", show_header=False)
        for entry, text in entries:
            listing.add_row(entry.name, escape(text), *_root_of(entry, catalog))
        console.print(listing)
    if catalog.broken:
        raise CrayfishError(
            "\n".join(error.message for error in catalog.broken.values()),
            hint="everything else can be used; who asks for one of these gets its error",
        )


def _of_model(model: Model) -> str:
    """What it is, and of one that is made, whether it is and with whose weights."""
    if model.made_by is None:
        return model.description
    return f"{model.description} {'Not made yet.' if model.unmade else f'Made: {model.weights}.'}"


def _root_of(entry: Entry, catalog: Catalog) -> list[str]:
    """A column with where an entry is from; none where there is one root only."""
    return [escape(str(entry.root))] if len(catalog.roots.folders) > 1 else []
