"""The files: one for each figure, or for each of its panels where they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matplotlib import rc_context

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.report.figures import all_figures
from crayfish_ctl.report.view import view_cells
from crayfish_ctl.results import replacing

from .draw import STYLE, draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crayfish_ctl.report.figures import Figure, Panel
    from crayfish_ctl.results import Results

FORMATS: Final = ("svg", "pdf", "png")
COLUMN_MM: Final = 85.0
_NARROWEST_MM: Final = 40.0
_WIDEST_MM: Final = 400.0
_TOGETHER: Final = 3
"""A figure with more panels than this becomes one file for each: they would not fit a page."""
_DPI: Final = 300
FOLDER: Final = "figures"


def write_figures(
    results: Results,
    *,
    formats: Sequence[str] = ("svg", "pdf"),
    width_mm: float = COLUMN_MM,
    only: Sequence[str] = (),
) -> list[Path]:
    """Write the figures of a results folder into its `figures/`.

    Args:
        results: what was measured.
        formats: of `FORMATS`.
        width_mm: of each file; 85 is a column, 180 a page of two.
        only: anchors of the figures; all of them without any.

    Returns:
        The files, in the order of the report.

    Raises:
        CrayfishError: for a format, a width or an anchor that does not exist; if a file cannot be
            written.
    """
    figures = all_figures(results, view_cells(results))
    _check(figures, formats, width_mm, only)
    folder = results.path / FOLDER
    folder.mkdir(exist_ok=True)
    written: list[Path] = []
    for figure in figures:
        if only and figure.anchor not in only:
            continue
        for name, panels in _files(figure):
            canvas = draw(panels, figure.legend, figure.columns, width_mm)
            for kind in formats:
                path = folder / f"{name}.{kind}"
                # The date would make the same figure a different file each time.
                metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
                with replacing(path) as temporary, rc_context(STYLE):
                    canvas.savefig(temporary, format=kind, dpi=_DPI, metadata=metadata)
                written.append(path)
    return written


def _files(figure: Figure) -> Iterator[tuple[str, Sequence[Panel]]]:
    if len(figure.panels) <= _TOGETHER:
        yield figure.anchor, figure.panels
        return
    for place, panel in enumerate(figure.panels, start=1):
        yield f"{figure.anchor}-{place}", [panel]


def _check(
    figures: Sequence[Figure], formats: Sequence[str], width_mm: float, only: Sequence[str]
) -> None:
    for kind in formats:
        if kind not in FORMATS:
            raise CrayfishError(f"--format {kind}: unknown", hint=f"choose {', '.join(FORMATS)}")
    if not _NARROWEST_MM <= width_mm <= _WIDEST_MM:
        raise CrayfishError(
            f"--width {width_mm:g}: not from {_NARROWEST_MM:g} to {_WIDEST_MM:g} mm",
            hint="85 is a column, 180 the width of a page",
        )
    anchors = [figure.anchor for figure in figures]
    for anchor in only:
        if anchor not in anchors:
            raise CrayfishError(
                f"--only {anchor}: these results have no such figure",
                hint=f"they have {', '.join(anchors)}",
            )
