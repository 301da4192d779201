"""The few figures that stand on top of the report: answers first, then what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crayfish_ctl.analysis.estimate import estimate
from crayfish_ctl.analysis.search import objective_text, searches
from crayfish_ctl.results import VerdictState

from .figures.pairs import encryption_pairs, pipeline_pairs
from .figures.scaling import scaling_lines
from .numbers import centre_text, interval_text, number, percent, ratio_text, runs_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.results import Results

    from .figures.pairs import Pair
    from .view import CellView


@dataclass(frozen=True, slots=True)
class Card:
    """One headline figure."""

    value: str
    unit: str
    label: str
    detail: str = ""
    tone: str = ""
    """good, bad or nothing."""


def headlines(results: Results, cells: Sequence[CellView]) -> list[Card]:
    """What the experiment asked, latency, capacity, loss, correctness, verdicts: as measured."""
    trusted = [cell for cell in cells if cell.trusted and cell.cell.way.processor]
    # A scorer that answers without a model is a bound, not a result, where there is anything else.
    scoring = [cell for cell in trusted if not cell.cell.scores_nothing] or trusted
    several = len({cell.series for cell in scoring}) > 1
    sustained = [cell for cell in scoring if cell.cell.aim.holds]
    saturated = [cell for cell in scoring if cell.saturates]
    cards = [
        *_sustainable(results),
        _speedup(cells),
        _recovery(cells),
        _overhead(cells),
        _encryption(cells),
        _hidden(cells),
        _latency(sustained, several=several),
        _capacity(saturated, several=several),
        _loss(results),
        _accuracy(sustained or saturated),
        _verdicts(results),
    ]
    return [card for card in cards if card is not None]


def _sustainable(results: Results) -> list[Card]:
    """The rate that each search has found."""
    return [
        Card(
            value=number(search.found) if search.found else "none",
            unit="records/s" if search.found else "",
            label=f"holds a {objective_text(search.objective)}" if search.objective else "holds",
            detail=f"{search.system}, confirmed by {search.confirmations} runs"
            if search.found
            else f"{search.system}: no rate was confirmed in {len(search.attempts)} runs",
            tone="" if search.found else "bad",
        )
        for search in searches(results)
    ]


def _speedup(cells: Sequence[CellView]) -> Card | None:
    """The largest speed-up of any line."""
    ends = [(name, step) for name, steps in scaling_lines(cells).items() for step in steps[1:]]
    known = [(name, step, step.speedup) for name, step in ends if step.speedup is not None]
    if not known:
        return None
    name, step, speedup = max(known, key=lambda entry: entry[2].value)
    return Card(
        value=ratio_text(speedup),
        unit="",
        label=f"largest speed-up, with {step.n} scorers",
        detail=f"{name}, efficiency {percent(step.efficiency)}",
    )


def _recovery(cells: Sequence[CellView]) -> Card | None:
    """How long a burst was felt, over all bursts of the cell that took longest."""
    bursty = [cell for cell in cells if any(run.bursts for run in cell.shown)]
    if not bursty:
        return None
    total = sum(len(run.bursts) for cell in bursty for run in cell.shown)
    never = sum(
        burst.recovery_seconds is None
        for cell in bursty
        for run in cell.shown
        for burst in run.bursts
    )
    if never:
        return Card(
            value=str(never),
            unit=f"of {total}",
            label="bursts were not recovered from before the next",
            tone="bad",
        )
    means = [(found.centre, found, cell) for cell in bursty if (found := _recovery_of(cell))]
    if not means:
        return None
    _, found, cell = max(means, key=lambda entry: entry[0])
    return Card(
        value=centre_text(found),
        unit="s",
        label="to recover from a burst" if len(means) == 1 else "longest recovery from a burst",
        detail=f"{cell.label}, {runs_text(found)}, {total} bursts",
    )


def _recovery_of(cell: CellView) -> Estimate | None:
    seconds = [run.recovery_seconds for run in cell.shown]
    return estimate(value for value in seconds if value is not None)


def _overhead(cells: Sequence[CellView]) -> Card | None:
    """What Kafka costs."""
    return _cost_of("Kafka", pipeline_pairs(cells), "source and sink inside the job")


def _encryption(cells: Sequence[CellView]) -> Card | None:
    """What TLS to Kafka costs."""
    return _cost_of("TLS", encryption_pairs(cells), "the same in the clear")


def _cost_of(name: str, pairs: Sequence[Pair], against: str) -> Card | None:
    """In latency at the lowest rate, or else in capacity."""
    paced = sorted(
        (pair for pair in pairs if not pair.dear.saturates), key=lambda pair: pair.dear.rate or 0
    )
    for pair in [*paced, *pairs]:
        metric = pair.metrics[0]
        ratio = pair.overhead(metric)
        if ratio is not None:
            return Card(
                value=ratio_text(ratio),
                unit="",
                label=f"the capacity, without {name}"
                if pair.dear.saturates
                else f"the p50 latency, because of {name}",
                detail=f"{pair.dear.label}, against {against}; 95 % interval "
                f"{interval_text(ratio)}",
            )
    return None


def _hidden(cells: Sequence[CellView]) -> Card | None:
    """What a fault looks like from the due time, and what it would look like from the send."""
    for cell in cells:
        due, sent = cell.value("latency_p99_ms"), cell.value("send_latency_p99_ms")
        if due and sent and any(run.faults for run in cell.shown):
            return Card(
                value=centre_text(due),
                unit="ms",
                label="p99 latency with the fault",
                detail=f"{cell.label}; counted from the send it would be {centre_text(sent)} ms",
            )
    return None


def _latency(cells: Sequence[CellView], *, several: bool) -> Card | None:
    """The lowest p99 at the highest rate that anyone sustained."""
    highest = max((cell.rate or 0.0 for cell in cells), default=0.0)
    found = [
        (p99.centre, p50.centre, cell)
        for cell in cells
        if cell.rate == highest
        and (p50 := cell.value("latency_p50_ms"))
        and (p99 := cell.value("latency_p99_ms"))
    ]
    if not found:
        return None
    p99_ms, p50_ms, cell = min(found, key=lambda entry: entry[0])
    return Card(
        value=number(p99_ms),
        unit="ms",
        label=f"{'lowest ' if several else ''}p99 latency at {cell.cell.workload}",
        detail=f"{cell.series}: the highest rate with valid runs; p50 {number(p50_ms)} ms",
    )


def _capacity(cells: Sequence[CellView], *, several: bool) -> Card | None:
    """The highest capacity."""
    found = [(rate, cell) for cell in cells if (rate := cell.value("capacity_records_per_s"))]
    if not found:
        return None
    rate, cell = max(found, key=lambda entry: entry[0].centre)
    return Card(
        value=centre_text(rate),
        unit="records/s",
        label="highest capacity" if several else "capacity",
        detail=f"{cell.series}, {runs_text(rate)}",
    )


def _loss(results: Results) -> Card | None:
    counts = [run.counts for run in results.runs if run.counts is not None]
    sent = sum(count.sent for count in counts)
    if not sent:
        return None
    bad = sum(count.lost + count.failed + count.undelivered for count in counts)
    return Card(
        value=number(bad),
        unit=f"of {sent:,}",
        label="records lost, failed or not delivered",
        detail="counted by id, over all runs",
        tone="bad" if bad else "good",
    )


def _accuracy(cells: Sequence[CellView]) -> Card | None:
    for cell in cells:
        ours, offline = cell.value("end_to_end_accuracy"), cell.value("offline_accuracy")
        if ours is not None:
            same = offline is not None and abs(ours.centre - offline.centre) < 1e-9  # noqa: PLR2004
            return Card(
                value=percent(ours.centre),
                unit="",
                label="accuracy end to end",
                detail="equals the model's offline accuracy on the same points"
                if same
                else f"offline on the same points: {percent(offline.centre if offline else None)}",
                tone="good" if same else "",
            )
    return None


def _verdicts(results: Results) -> Card:
    """Probes are left out: a search finds its limit by runs that are not VALID."""
    states = [run.verdict.state for run in results.runs if run.spec.purpose != "probe"]
    probes = len(results.runs) - len(states)
    others = [
        f"{states.count(state)} {state.value}"
        for state in (VerdictState.INVALID, VerdictState.FAILED)
        if state in states
    ]
    detail = ", ".join(others) or "every run means what it says"
    return Card(
        value=str(states.count(VerdictState.VALID)),
        unit=f"of {len(states)}",
        label="runs are VALID",
        detail=detail + (f"; beside them {probes} probes of a search" if probes else ""),
        tone="" if others else "good",
    )
