"""`summary.csv` and `summary.json`: the whole experiment in one table."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.results.files import SUMMARY_FILE, write_text
from crayfish_ctl.results.model import RESULTS_VERSION
from crayfish_ctl.sample import MIN_RUNS

from .metrics import METRICS, value_of
from .repetition import CellSummary, summarise
from .search import SUSTAINABLE, objective_text, searches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.load import Results
    from crayfish_ctl.results.manifest import Manifest
    from crayfish_ctl.results.model import RunResult

    from .search import Search

SUMMARY_JSON: Final = "summary.json"

Row = dict[str, Any]

_COUNTS: Final = (
    "sent",
    "delivered",
    "received",
    "ok",
    "failed",
    "lost",
    "unfinished",
    "undelivered",
    "duplicates",
    "undecodable",
)


def write_summary(results_dir: Path, results: Results) -> None:
    """Write both files.

    Raises:
        CrayfishError: if they cannot be written.
    """
    manifest = results.manifest
    cells = summarise(results.runs, asked_repetitions(manifest), first_stage(manifest))
    runs = [run_row(run) for run in results.runs]
    searched = [search_row(search) for search in searches(results)]
    document = {
        "version": RESULTS_VERSION,
        "experiment": results.manifest.experiment,
        "cells": [cell.model_dump(mode="json") for cell in cells],
        "runs": runs,
        "searches": searched,
    }
    write_text(results_dir / SUMMARY_JSON, json.dumps(document, indent=2) + "\n")
    rows = [*runs, *(cell_row(cell) for cell in cells), *searched]
    write_text(results_dir / SUMMARY_FILE, to_csv(rows))


def asked_repetitions(manifest: Manifest) -> int | None:
    """How many repetitions of each cell the plan asks for; None if it does not say."""
    found = manifest.plan.get("sizing", {}).get("repetitions")
    return found if isinstance(found, int) else None


def first_stage(manifest: Manifest) -> int | None:
    """After how many runs of a cell their spread decides how many more there are to be.

    None if every cell is run as often as was asked for, or if the plan does not say.
    """
    sizing = manifest.plan.get("sizing", {})
    asked, most = sizing.get("repetitions"), sizing.get("max_repetitions")
    if not isinstance(asked, int) or not isinstance(most, int) or asked == 1:
        return None
    return max(asked, MIN_RUNS)


def to_csv(rows: list[Row], delimiter: str = ",") -> str:
    """A table with the union of the rows' columns, in order of appearance; None is empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def cell_columns(cell: Cell) -> Row:
    """What a cell is, one column each."""
    return {
        "processor": cell.processor,
        "runtime": cell.runtime,
        "tool": cell.tool,
        "model": cell.model,
        "pipeline": cell.pipeline,
        "kafka": cell.kafka,
        "kafka_protocol": cell.kafka_protocol,
        "workload": cell.workload,
        "title": cell.title,
        "arrivals": cell.arrivals.kind,
        "rate": cell.rate,
        "batch_size": cell.batch_size,
        "format": str(cell.format),
        "delivery": cell.delivery,
        "source": cell.parallelism.source,
        "scorer": cell.parallelism.scorer,
        "sink": cell.parallelism.sink,
        "chained": cell.parallelism.chained,
        "goal": cell.goal,
        "processor_options": _options(cell.processor_options),
        "tool_options": _options(cell.tool_options),
        "producer_options": _options(cell.producer_options),
    }


def _options(options: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(options.items()))


def run_row(run: RunResult) -> Row:
    """A run: its cell, verdict, counts and numbers."""
    return {
        "row": "run",
        "run_id": run.run_id,
        **cell_columns(run.spec.cell),
        "purpose": run.spec.purpose,
        "repetition": run.spec.repetition,
        "verdict": run.verdict.state.value,
        "reasons": " ".join(reason.code for reason in run.verdict.reasons),
        **{name: run.counts and getattr(run.counts, name) for name in _COUNTS},
        **{name: value_of(run, name) for name in METRICS},
    }


def cell_row(summary: CellSummary) -> Row:
    """A cell: means over its valid runs, each with interval and coefficient of variation.

    The interval is that of the geometric mean (`crayfish_ctl.sample`); with fewer than three runs
    there is none.
    """
    row: Row = {
        "row": "cell",
        **cell_columns(summary.cell),
        "purpose": summary.purpose,
        "runs": summary.runs,
        "valid_runs": summary.valid,
        "not_carried_runs": summary.not_carried,
        "warnings": " ".join(f"{text}." for text in summary.warnings),
    }
    for name, value in summary.estimates.items():
        row |= {
            name: value.mean,
            f"{name}_geometric_mean": value.geometric_mean,
            f"{name}_low": value.low,
            f"{name}_high": value.high,
            f"{name}_cv": value.cv,
        }
    return row


def search_row(search: Search) -> Row:
    """A search: what it asked, and the highest rate that held and was confirmed."""
    objective = search.objective
    return {
        "row": "search",
        **cell_columns(search.cell),
        "rate": None,  # of no run in particular
        "workload": objective_text(objective) if objective else "a VALID run",
        "purpose": "confirm",
        "runs": len(search.attempts),
        "confirmations": search.confirmations,
        SUSTAINABLE: search.found,
        f"{SUSTAINABLE}_ceiling": search.ceiling,
    }
