"""What the tables and the figures show: cells with labels, colours and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis import asked_repetitions, counts, first_stage
from crayfish_ctl.analysis.metrics import quantile_of, supported
from crayfish_ctl.analysis.options import (
    recorded_defaults,
    unusual_of_processor,
    unusual_of_tool,
)
from crayfish_ctl.analysis.percentiles import records_needed
from crayfish_ctl.analysis.repetition import (
    CellSummary,
    by_cell,
    counting,
    over_runs,
    summarise_cell,
)
from crayfish_ctl.results import VerdictState
from crayfish_ctl.sample import MIN_RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.analysis.options import Defaults
    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results import Results, RunResult

_SERIES_COLOURS: Final = 8

_VARYING: Final[dict[str, Callable[[Cell, Defaults], str]]] = {
    "model": lambda cell, _: cell.model,
    "parallelism": lambda cell, _: (
        f"N {cell.parallelism.source}-{cell.parallelism.scorer}-{cell.parallelism.sink}"
    ),
    "chaining": lambda cell, _: "" if cell.parallelism.chained else "unchained",
    "format": lambda cell, _: str(cell.format),
    "delivery": lambda cell, _: cell.delivery,
    "processor options": unusual_of_processor,
    "tool options": unusual_of_tool,
    "what a newer version says": lambda cell, _: ", ".join(
        f"{name} {value}" for name, value in sorted(cell.unknown.items())
    ),
}
"""What may differ between cells beside system and workload; a label names it only where it does."""


def colour(position: int) -> str:
    """The CSS variable of the n-th series; after eight they begin again."""
    return f"var(--series-{position % _SERIES_COLOURS})"


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell as the report shows it."""

    cell: Cell
    parts: tuple[tuple[str, str], ...]
    """System, and what sets it apart from the others: (what it is, text)."""
    colour: str
    """A CSS variable."""
    runs: tuple[RunResult, ...]
    shown: tuple[RunResult, ...]
    """The runs whose values are shown: VALID or not carried; without any, those with numbers."""
    summary: CellSummary
    first: int | None = None
    """After how many runs it was decided how many more there are to be, if it was."""

    @property
    def series(self) -> str:
        """The system, and what sets it apart from the others: one line in a figure."""
        return self.series_without()

    def series_without(self, *names: str) -> str:
        """The series as if some of what varies (such as "parallelism") were always the same."""
        return " · ".join(text for name, text in self.parts if name not in names)

    @property
    def trusted(self) -> bool:
        """Whether the values shown are of VALID runs, and the system carried all of the others."""
        return self.summary.sustained

    @property
    def label(self) -> str:
        """Series and workload."""
        return f"{self.series} @ {self.cell.workload}"

    @property
    def rate(self) -> float | None:
        """The mean offered rate in records/s; None for `max`."""
        return self.cell.rate

    @property
    def saturates(self) -> bool:
        """Whether the capacity is what is asked for (then the latency is mere queueing)."""
        return self.cell.aim.floods

    @property
    def repeated(self) -> bool:
        """Whether there is an interval, so that a bar may be drawn."""
        return len(self.shown) >= MIN_RUNS

    @property
    def state(self) -> VerdictState:
        """VALID if all runs are, INVALID if some, else the worst verdict of the cell's runs."""
        found = {run.verdict.state for run in self.runs}
        if VerdictState.VALID in found:
            return VerdictState.VALID if len(found) == 1 else VerdictState.INVALID
        failed = VerdictState.FAILED
        return failed if failed in found else VerdictState.INVALID

    def value(self, metric: str) -> Estimate | None:
        """A metric of `analysis.METRICS` over the runs shown; None if no run supports it."""
        return over_runs(self.shown, metric, self.first)

    def seconds_for(self, metric: str) -> float | None:
        """How long a run must be for a percentile that the records of these do not support.

        None if they do, and for what is no percentile, or has no rate.
        """
        quantile = quantile_of(metric)
        short = [run for run in self.shown if not supported(run, metric)]
        if quantile is None or not short or self.value(metric) is not None or not self.rate:
            return None
        return records_needed(quantile) / self.rate


def view_cells(results: Results) -> list[CellView]:
    """The cells of an experiment, in the order of the plan; one colour for each series.

    Of a search only the confirmations are cells; its probes are in the figure of the search alone.
    """
    asked, first = asked_repetitions(results.manifest), first_stage(results.manifest)
    defaults = recorded_defaults(results.manifest)
    groups = [
        (cell, counting(runs))
        for cell, runs in by_cell(run for run in results.runs if run.spec.purpose != "probe")
    ]
    # As the experiment has them written: the order in which they ran was drawn.
    groups.sort(key=lambda group: group[1][0].spec.workload)
    varying = [
        (name, _against(describe, defaults))
        for name, describe in _VARYING.items()
        if len({describe(cell, defaults) for cell, _ in groups}) > 1
    ]
    parts = [_parts(cell, varying) for cell, _ in groups]
    order = list(dict.fromkeys(parts))
    return [
        _view(summarise_cell(cell, runs, asked, first), runs, own, colour(order.index(own)), first)
        for (cell, runs), own in zip(groups, parts, strict=True)
    ]


def models_of(cells: Sequence[CellView]) -> str:
    """The models that were measured, with whose weights; empty if none was."""
    scoring = (cell.cell.model for cell in cells if not cell.cell.scores_nothing)
    return ", ".join(dict.fromkeys(scoring))


def kafkas_of(cells: Sequence[CellView]) -> list[str]:
    """Each Kafka that was not the experiment's own, and how it was reached; empty if none was."""
    outside = (cell.cell for cell in cells if cell.cell.kafka is not None)
    return list(
        dict.fromkeys(f"external Kafka {cell.kafka} ({cell.kafka_protocol})" for cell in outside)
    )


def _against(
    describe: Callable[[Cell, Defaults], str], defaults: Defaults
) -> Callable[[Cell], str]:
    return lambda cell: describe(cell, defaults)


def _parts(
    cell: Cell, varying: Sequence[tuple[str, Callable[[Cell], str]]]
) -> tuple[tuple[str, str], ...]:
    described = ((name, describe(cell)) for name, describe in varying)
    return (("system", cell.system), *((name, text) for name, text in described if text))


def _view(
    summary: CellSummary,
    runs: Sequence[RunResult],
    parts: tuple[tuple[str, str], ...],
    own_colour: str,
    first: int | None,
) -> CellView:
    # What the system did not carry is its answer, too: the lucky runs alone would look better.
    carried = tuple(run for run in runs if counts(run.verdict))
    return CellView(
        cell=summary.cell,
        parts=parts,
        colour=own_colour,
        runs=tuple(runs),
        shown=carried or tuple(run for run in runs if run.counts is not None),
        summary=summary,
        first=first if summary.purpose == "measure" else None,
    )
