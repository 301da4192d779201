"""`report.html`: one file that opens without a network, in light and in dark."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from importlib.resources import files
from itertools import compress
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from crayfish_ctl.analysis import verdict as rules
from crayfish_ctl.analysis.summary import cell_row, run_row, to_csv
from crayfish_ctl.results import load_results, write_text
from crayfish_ctl.sample import CONFIDENCE

from . import numbers
from .figures import all_figures
from .headline import headlines
from .tables import COLUMNS, cell_rows, component_rows, glossary, node_rows, run_rows
from .view import kafkas_of, models_of, view_cells

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.results import Results

    from .figures import Figure

REPORT_FILE: Final = "report.html"
_ASSETS: Final = files(__package__) / "assets"


def write_report(results_dir: Path) -> Path:
    """Write `report.html` into a results folder and return its path.

    Raises:
        CrayfishError: if the folder cannot be read, or the page cannot be written.
    """
    path = results_dir / REPORT_FILE
    write_text(path, render(load_results(results_dir)))
    return path


def render(results: Results) -> str:
    """The whole page."""
    return templates().get_template("report.html.j2").render(_context(results))


def templates() -> jinja2.Environment:
    """The pages' templates, with the filters that they use."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": numbers.number,
        "percent": numbers.percent,
        "seconds": numbers.seconds,
        "size": numbers.size,
    }
    return environment


def asset(name: str) -> str:
    """A file of ours that goes into the pages."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def _context(results: Results) -> dict[str, Any]:
    cells = view_cells(results)
    figures = all_figures(results, cells)
    manifest = results.manifest
    rows = cell_rows(cells)
    columns = [
        any(row.values[i].text != numbers.NOTHING for row in rows) for i in range(len(COLUMNS))
    ]
    summary = [cell_row(cell.summary) for cell in cells]
    return {
        "manifest": manifest,
        "manifest_json": manifest.model_dump_json(indent=2),
        "command": shlex.join(manifest.command),
        "models": models_of(cells),
        "kafkas": kafkas_of(cells),
        "cards": headlines(results, cells),
        "columns": [column for _, column in compress(COLUMNS, columns)],
        "has_steady": any(row.steady.text != numbers.NOTHING for row in rows),
        "cells": [replace(row, values=list(compress(row.values, columns))) for row in rows],
        "runs": run_rows(cells),
        "components": component_rows(cells),
        "nodes": node_rows(cells),
        "figures": figures,
        "glossary": glossary(),
        "rules": rules,
        "confidence": CONFIDENCE,
        "results_tsv": to_csv(summary, delimiter="\t"),
        "runs_tsv": to_csv([run_row(run) for run in results.runs], delimiter="\t"),
        "style": Markup(asset("report.css")),  # noqa: S704  # our own file
        "script": Markup(asset("report.js")),  # noqa: S704  # our own file
        "plotly": Markup(get_plotlyjs()),  # noqa: S704  # the library's own bundle
        "figure_json": Markup(_figure_json(figures)),  # noqa: S704  # escaped for a script element
    }


def _figure_json(figures: list[Figure]) -> str:
    """What the page's script draws, safe inside a script element."""
    panels = {
        f"{figure.anchor}-{position}": {"data": panel.data, "layout": panel.layout}
        for figure in figures
        for position, panel in enumerate(figure.panels)
    }
    return json.dumps(panels, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
