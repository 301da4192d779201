"""One page over several experiments: what each asked, what it found, and the way to its report."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from crayfish_ctl.results import VerdictState, load_results, write_text

from .headline import Card, headlines
from .page import REPORT_FILE, asset, templates
from .view import models_of, view_cells

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crayfish_ctl.results import Manifest


@dataclass(frozen=True, slots=True)
class Entry:
    """One experiment of the page."""

    manifest: Manifest
    report: str
    """A link, relative to the page."""
    models: str
    systems: tuple[str, ...]
    cards: tuple[Card, ...]
    verdicts: tuple[tuple[VerdictState, int], ...]
    """Each verdict, and how many runs have it."""


def write_index(page: Path, folders: Sequence[Path], troubles: Sequence[str]) -> None:
    """Write the page.

    Args:
        page: the file.
        folders: of results, with their reports, in the order in which they are to be shown.
        troubles: what was left out or could not be run, each with its reason.

    Raises:
        CrayfishError: if a folder cannot be read, or the page cannot be written.
    """
    entries = [_entry(page, folder) for folder in folders]
    text = (
        templates()
        .get_template("index.html.j2")
        .render(
            entries=entries,
            troubles=troubles,
            style=Markup(asset("report.css")),  # noqa: S704  our own file
        )
    )
    write_text(page, text)


def _entry(page: Path, folder: Path) -> Entry:
    results = load_results(folder)
    cells = view_cells(results)
    counts = Counter(run.verdict.state for run in results.runs)
    return Entry(
        manifest=results.manifest,
        report=quote(os.path.relpath(folder / REPORT_FILE, page.parent)),
        models=models_of(cells),
        systems=tuple(dict.fromkeys(cell.cell.system for cell in cells)),
        cards=tuple(headlines(results, cells)),
        verdicts=tuple((state, counts[state]) for state in VerdictState if counts[state]),
    )
