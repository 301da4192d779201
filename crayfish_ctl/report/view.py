"""What the tables and the figures show: cells with labels, colours and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_contract.runconfig import ConstantArrivals
from crayfish_ctl.analysis.repetition import by_cell, over_runs
from crayfish_ctl.results import VerdictState

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.plan.model import Cell
    from crayfish_ctl.results import Results, RunResult

_SERIES_COLOURS: Final = 8

_VARYING: Final[dict[str, Callable[[Cell], str]]] = {
    "model": lambda cell: cell.model,
    "batch": lambda cell: f"batch {cell.batch_size}",
    "parallelism": lambda cell: (
        f"N {cell.parallelism.source}-{cell.parallelism.scorer}-{cell.parallelism.sink}"
    ),
    "format": lambda cell: cell.format.value,
    "delivery": lambda cell: cell.delivery,
    "processor options": lambda cell: _options(cell.processor_options),
    "tool options": lambda cell: _options(cell.tool_options),
}
"""What may differ between cells beside system and rate; a label names it only where it does."""


def _options(options: dict[str, bool | int | float | str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(options.items()))


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell as the report shows it."""

    cell: Cell
    series: str
    """The system, and what sets it apart from the others: one line in a figure."""
    colour: str
    """A CSS variable."""
    runs: tuple[RunResult, ...]
    shown: tuple[RunResult, ...]
    """The runs whose values are shown: the VALID ones; without any, those with numbers."""
    trusted: bool
    """Whether the values shown are of VALID runs."""

    @property
    def label(self) -> str:
        """Series and workload."""
        return f"{self.series} @ {self.cell.workload}"

    @property
    def rate(self) -> float | None:
        """The offered rate in records/s, if it is constant."""
        arrivals = self.cell.arrivals
        return arrivals.rate if isinstance(arrivals, ConstantArrivals) else None

    @property
    def saturates(self) -> bool:
        """Whether the capacity is what is asked for (then the latency is mere queueing)."""
        return self.cell.goal == "saturate"

    @property
    def repeated(self) -> bool:
        """Whether there is an interval, so that a bar may be drawn."""
        return len(self.shown) > 1

    @property
    def state(self) -> VerdictState:
        """The worst verdict of the cell's runs."""
        order = (VerdictState.FAILED, VerdictState.INVALID, VerdictState.VALID)
        found = {run.verdict.state for run in self.runs}
        return next(state for state in order if state in found)

    def value(self, metric: str) -> Estimate | None:
        """A metric of `analysis.METRICS` over the runs shown."""
        return over_runs(self.shown, metric)


def view_cells(results: Results) -> list[CellView]:
    """The cells of an experiment, in the order of the plan; one colour for each series."""
    groups = by_cell(results.runs)
    varying = [
        describe
        for describe in _VARYING.values()
        if len({describe(cell) for cell, _ in groups}) > 1
    ]
    series = [
        " · ".join(filter(None, [cell.system, *(describe(cell) for describe in varying)]))
        for cell, _ in groups
    ]
    order = list(dict.fromkeys(series))
    return [
        _view(cell, tuple(runs), name, order.index(name))
        for (cell, runs), name in zip(groups, series, strict=True)
    ]


def _view(cell: Cell, runs: tuple[RunResult, ...], series: str, position: int) -> CellView:
    valid = tuple(run for run in runs if run.verdict.state is VerdictState.VALID)
    return CellView(
        cell=cell,
        series=series,
        colour=f"var(--series-{position % _SERIES_COLOURS})",
        runs=runs,
        shown=valid or tuple(run for run in runs if run.counts is not None),
        trusted=bool(valid),
    )
