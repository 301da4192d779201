"""The report's tables as rows of text, the same for the page and for the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis.metrics import METRICS, Term, concerns

from .numbers import NOTHING, centre_text, number, percent, range_text, seconds, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis.metrics import Column
    from crayfish_ctl.results import RunResult, VerdictState
    from crayfish_ctl.results.happened import Component
    from crayfish_ctl.results.nodes import Flow, NodeUse

    from .view import CellView


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a table; `spread` is its 95 % interval."""

    text: str
    spread: str = ""


COLUMNS: Final = tuple(
    sorted(
        ((metric.name, metric.column) for metric in METRICS.values() if metric.column is not None),
        key=lambda entry: entry[1].place,
    )
)
"""The metrics that are columns, with how they stand in the table."""

_OTHER_TERMS: Final = (
    Term(
        "steady",
        "How many runs show no trend from the beginning of the window to its end (Mann-Kendall "
        "test); below it, how far the worst drifted.",
    ),
    Term(
        "lost, waiting, twice",
        "Delivered and never seen again; delivered and not back when the run's time was over; "
        "results beyond the first of an id.",
    ),
    Term(
        "throttled",
        "Share of the scheduler's periods in which the container had used up its CPU limit.",
    ),
    Term(
        "GC",
        "What the pauses of the JVM's garbage collector add up to within the window, the longest "
        "of them, and how many collected the whole heap.",
    ),
    Term("peak memory", "Highest working set in the samples, one each second."),
    Term(
        "cores busy, of the link",
        "What all of a host did over the window, with whatever else ran on it: the share of its "
        "cores' time that was not idle, and of what the link nearest to its limit carries in its "
        "busier direction. A link whose driver does not say how fast it is has no share.",
    ),
)
"""What tables show beside metrics."""


def glossary() -> list[Term]:
    """What each number of the page means."""
    terms = [metric.term for metric in METRICS.values() if metric.term is not None]
    return list(dict.fromkeys([*terms, *_OTHER_TERMS]))


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell in the results table."""

    series: str
    workload: str
    colour: str
    state: VerdictState
    verdict: str
    trusted: bool
    values: list[Value]
    steady: Value
    """Whether the runs found their steady state."""
    warnings: tuple[str, ...]
    """What a reader should know of the repetitions."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in the verdicts table."""

    run_id: str
    label: str
    result: RunResult
    lines: list[tuple[str, str]]
    """(code, message) of every reason and note."""
    log_tail: tuple[str, ...]


def cell_rows(cells: Sequence[CellView]) -> list[CellRow]:
    """The results table."""
    return [
        CellRow(
            series=cell.series,
            workload=cell.cell.workload,
            colour=cell.colour,
            state=cell.state,
            verdict=verdict_text(cell),
            trusted=cell.trusted,
            values=[_value(cell, metric, column) for metric, column in COLUMNS],
            steady=_steady(cell.shown),
            warnings=cell.summary.warnings,
        )
        for cell in cells
    ]


def _value(cell: CellView, metric: str, column: Column) -> Value:
    if not concerns(column.goals, cell.cell.goal):
        return Value(NOTHING)
    found = cell.value(metric)
    if found is None:
        needed = cell.seconds_for(metric)
        return Value(NOTHING if needed is None else f"{NOTHING} (run {seconds(needed)})")
    show = percent if column.percent else number
    spread = range_text(found, show) if column.spread else ""
    return Value(centre_text(found, show), "" if spread == show(found.centre) else spread)


def _steady(runs: Sequence[RunResult]) -> Value:
    """`yes`; `2 of 3` with the largest drift; nothing if none of the runs was meant to be."""
    judged = [run.steady for run in runs if run.steady is not None]
    if not judged:
        return Value(NOTHING)
    steady = sum(found.steady for found in judged)
    if steady == len(judged):
        return Value("yes")
    worst = max((found.change for found in judged if not found.steady), key=abs)
    return Value(f"{steady} of {len(judged)}", f"drift {worst:+.0%}".replace("%", " %"))


def verdict_text(cell: CellView) -> str:
    """`VALID 2/3`, `NOT SUSTAINED 1/3`, `INVALID 3/3`, `FAILED 1/1`: how many runs say so."""
    summary, runs = cell.summary, len(cell.runs)
    if summary.not_carried:
        return f"NOT SUSTAINED {summary.not_carried}/{runs}"
    if summary.valid:
        return f"VALID {summary.valid}/{runs}"
    same = sum(run.verdict.state is cell.state for run in cell.runs)
    return f"{cell.state.value} {same}/{runs}"


def run_rows(cells: Sequence[CellView]) -> list[RunRow]:
    """Every run with what its verdict says."""
    return [
        RunRow(
            run_id=run.run_id,
            label=cell.label,
            result=run,
            lines=verdict_lines(run),
            log_tail=run.verdict.failure.log_tail if run.verdict.failure else (),
        )
        for cell in cells
        for run in cell.runs
    ]


def verdict_lines(run: RunResult) -> list[tuple[str, str]]:
    """Reasons first, then notes; for a FAILED run the component and what happened."""
    failure = run.verdict.failure
    lines = [(failure.component, failure.message)] if failure else []
    lines += [(reason.code, reason.message) for reason in run.verdict.reasons]
    return lines + [(f"note {note.code}", note.message) for note in run.verdict.notes]


def _collector(part: Component) -> str:
    """Of a JVM: its pauses together, the longest, and how many stopped everything."""
    found = part.collector
    if found is None:
        return NOTHING
    full = f", {found.full} full" if found.full else ""
    return f"{number(found.pause_ms)} (longest {number(found.longest_ms)}{full})"


def component_rows(cells: Sequence[CellView]) -> list[list[str]]:
    """CPU, throttling and memory of every component: cell, component, role, then the numbers."""
    return [
        [
            cell.label,
            part.name,
            part.role,
            number(part.cpu_seconds),
            number(part.mean_cores),
            number(part.cpu_limit_cores),
            percent(part.throttled_share),
            _collector(part),
            size(part.peak_memory_bytes),
            size(part.memory_limit_bytes),
        ]
        for cell in cells
        if cell.shown
        for part in cell.shown[0].components
    ]


def node_rows(cells: Sequence[CellView]) -> list[list[str]]:
    """The hosts of every cell's first run shown: cell, host, device of its link, then the numbers.

    Of several links the one that is nearest to its limit.
    """
    return [
        [cell.label, *_node_row(node)]
        for cell in cells
        if cell.shown
        for node in cell.shown[0].nodes
    ]


def _node_row(node: NodeUse) -> list[str]:
    link = node.busiest_link
    ways = (link.received, link.sent) if link else ()
    dropped = [way.dropped for way in ways if way.dropped is not None]
    return [
        node.name or "the only one",
        link.device if link else NOTHING,
        number(node.cores),
        _with_peak(percent(node.mean_busy_share), percent(node.peak_busy_share)),
        *([_carried(way) for way in ways] or [NOTHING, NOTHING]),
        percent(link.share) if link else NOTHING,
        number(sum(dropped)) if dropped else NOTHING,
    ]


def _carried(way: Flow) -> str:
    """To the kB/s: a host is never quite silent, and what it says then means nothing."""
    peak = way.peak_megabytes_per_s
    mean = number(round(way.mean_megabytes_per_s, 3))
    return _with_peak(mean, NOTHING if peak is None else number(round(peak, 3)))


def _with_peak(mean: str, peak: str) -> str:
    return mean if peak == NOTHING else f"{mean} (peak {peak})"
