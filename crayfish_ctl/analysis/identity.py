"""Which cells of two experiments are the same: by what was asked, never by what was found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from crayfish_ctl.errors import CrayfishError

from .options import completed
from .repetition import CellSummary, by_cell, summarise_cell
from .search import Search, planned_workloads, searches
from .summary import asked_repetitions, first_stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results import Results, RunResult

    from .options import Defaults

Found = TypeVar("Found", CellSummary, Search)


def identity_of(cell: Cell, share: float | None = None) -> str:
    """What makes a cell the same in two experiments: everything that is run.

    But not how it arrives if it has a title, nor the rate if that is a share of a capacity, which
    is another rate on another day; and random arrivals are the same whatever their seed.

    Args:
        cell: of a run.
        share: of the capacity, if its rate is one.
    """
    if cell.title:
        return cell.model_dump_json(exclude={"experiment", "arrivals"})
    if share is not None:
        return _without_rate(cell, share=share)
    return cell.model_dump_json(exclude={"experiment": True, "arrivals": {"seed"}})


def cells_of(results: Results, defaults: Defaults) -> dict[str, CellSummary]:
    """The cells of an experiment by their identity; a search is none, nor are its runs.

    Args:
        results: of the experiment.
        defaults: of options that its cells do not have, because it is older.

    Raises:
        CrayfishError: if two of them have one identity.
    """
    asked, first = asked_repetitions(results.manifest), first_stage(results.manifest)

    def identity(cell: Cell, runs: Sequence[RunResult]) -> str:
        return identity_of(completed(cell, defaults), _share(results, runs[0].spec.workload))

    groups = by_cell(run for run in results.runs if run.spec.purpose == "measure")
    return _told_apart(
        results,
        ((identity(cell, runs), summarise_cell(cell, runs, asked, first)) for cell, runs in groups),
    )


def searches_of(results: Results, defaults: Defaults) -> dict[str, Search]:
    """The searches of an experiment by their identity: system and objective, and no rate.

    Args:
        results: of the experiment.
        defaults: of options that its cells do not have, because it is older.

    Raises:
        CrayfishError: if two of them have one identity.
    """

    def identity(search: Search) -> str:
        goal = search.objective
        asked = goal and {"percentile": goal.percentile, "objective_ms": goal.objective_ms}
        return _without_rate(completed(search.cell, defaults), search=asked)

    return _told_apart(results, ((identity(search), search) for search in searches(results)))


def _told_apart(results: Results, found: Iterable[tuple[str, Found]]) -> dict[str, Found]:
    by_identity: dict[str, Found] = {}
    for identity, each in found:
        if identity in by_identity:
            raise _ambiguous(results, by_identity[identity].cell, each.cell)
        by_identity[identity] = each
    return by_identity


def _without_rate(cell: Cell, **more: Any) -> str:
    kind = cell.arrivals.kind
    asked = cell.model_dump(mode="json", exclude={"experiment", "arrivals", "title"})
    return json.dumps({**asked, "arrivals": kind, **more}, sort_keys=True)


def _share(results: Results, workload: int) -> float | None:
    for entry in planned_workloads(results.manifest, workload):
        if entry.get("rate") == "capacity":
            return float(entry.get("share", 1.0))
    return None


def _ambiguous(results: Results, one: Cell, two: Cell) -> CrayfishError:
    names = " and ".join(f"{cell.system} @ {cell.workload}" for cell in (one, two))
    return CrayfishError(
        f"{results.path}: two cells are the same for a comparison: {names}",
        hint="give their workloads different titles, and run the experiment again",
    )
