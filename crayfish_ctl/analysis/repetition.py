"""Repetitions of a cell, put together.

Between-run variation is what decides whether two systems differ, and it is larger than what one run
shows of itself (Georges, Buytaert, Eeckhout: "Statistically Rigorous Java Performance Evaluation",
OOPSLA 2007): so every run contributes one value, and the interval is Student's t over the runs, on
the logarithmic scale (`crayfish_ctl.sample`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from crayfish_ctl.cells import Cell  # noqa: TC001  # pydantic reads it
from crayfish_ctl.results.verdict import VerdictState

from .blame import not_carried
from .estimate import Estimate, estimate
from .metrics import METRICS, supported, value_of
from .warnings import warnings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crayfish_ctl.results.model import RunResult


class CellSummary(BaseModel):
    """All repetitions of a cell; only VALID runs enter the estimates.

    Where a search has confirmed its result, only the confirmations count: the probe that led to it
    was chosen because it held.
    """

    model_config = ConfigDict(frozen=True)

    cell: Cell
    runs: int
    valid: int
    invalid: int
    failed: int
    estimates: dict[str, Estimate]
    """Keys: `METRICS`; a metric that no valid run has is left out."""
    warnings: tuple[str, ...] = ()
    """What a reader should know of the repetitions, with figures and with what to do."""
    purpose: str = "measure"
    """Of the runs that count."""
    not_carried: int = 0
    """Runs that the system could not carry (`analysis.blame`); one is enough for the cell not to be
    sustained, and no later run makes up for it."""

    @property
    def sustained(self) -> bool:
        """Whether every run in which nothing else went wrong was carried, and there is one."""
        return self.valid > 0 and not self.not_carried


def by_cell(runs: Iterable[RunResult]) -> list[tuple[Cell, list[RunResult]]]:
    """The runs of each cell, cells in the order in which they first appear."""
    groups: dict[str, tuple[Cell, list[RunResult]]] = {}
    for run in runs:
        cell = run.spec.cell
        # Each repetition of random arrivals has a seed of its own.
        same = cell.model_dump_json(exclude={"arrivals": {"seed"}})
        groups.setdefault(same, (cell, []))[1].append(run)
    return list(groups.values())


def counting(runs: Sequence[RunResult]) -> list[RunResult]:
    """The runs of a cell that count: a search's confirmations if there are any, else all."""
    confirmations = [run for run in runs if run.spec.purpose == "confirm"]
    return confirmations or list(runs)


def summarise_cell(
    cell: Cell, runs: Sequence[RunResult], asked: int | None = None, first: int | None = None
) -> CellSummary:
    """Put the repetitions of one cell together.

    Args:
        cell: what was run.
        runs: all of its runs.
        asked: how many repetitions were asked for; without it, as many as there are runs.
        first: after how many of them it was decided how many more there are to be, if it was.
    """
    runs = counting(runs)
    purpose = runs[0].spec.purpose
    if purpose != "measure":  # a search asks for a number of confirmations, whatever they say
        first = None
    states = [run.verdict.state for run in runs]
    valid = [run for run in runs if run.verdict.state is VerdictState.VALID]
    found = {name: over_runs(valid, name, first) for name in METRICS}
    estimates = {name: value for name, value in found.items() if value is not None}
    spoilt = sum(not_carried(run.verdict) for run in runs)
    wanted = asked if asked is not None and purpose == "measure" else len(runs)
    return CellSummary(
        cell=cell,
        runs=len(runs),
        valid=len(valid),
        invalid=states.count(VerdictState.INVALID),
        failed=states.count(VerdictState.FAILED),
        estimates=estimates,
        warnings=warnings_of(cell, len(valid), wanted, estimates, spoilt)
        if purpose != "probe"
        else (),
        purpose=purpose,
        not_carried=spoilt,
    )


def key_metric(cell: Cell) -> str:
    """The one of `METRICS` that a cell is run for."""
    return cell.aim.metric


def over_runs(runs: Iterable[RunResult], metric: str, first: int | None = None) -> Estimate | None:
    """One value of each run, as an estimate; of percentiles only those that its records support."""
    found = [
        (value, run.spec.repetition)
        for run in runs
        if supported(run, metric) and (value := value_of(run, metric)) is not None
    ]
    return estimate((value for value, _ in found), (number for _, number in found), first)


def summarise(
    runs: Iterable[RunResult], asked: int | None = None, first: int | None = None
) -> list[CellSummary]:
    """Put the repetitions of every cell together.

    Args:
        runs: of an experiment.
        asked: how many repetitions of each cell were asked for, if that is known.
        first: see `summarise_cell`.
    """
    return [summarise_cell(cell, group, asked, first) for cell, group in by_cell(runs)]
