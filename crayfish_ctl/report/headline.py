"""The few figures that stand on top of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crayfish_ctl.results import VerdictState

from .numbers import number, percent, plus_minus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.results import Results

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
    """Latency, capacity, loss, correctness, verdicts: as far as they were measured."""
    several = len({cell.series for cell in cells}) > 1
    sustained = [cell for cell in cells if not cell.saturates and cell.trusted and cell.rate]
    saturated = [cell for cell in cells if cell.saturates and cell.trusted]
    cards = [
        _latency(sustained, several=several),
        _capacity(saturated, several=several),
        _loss(results),
        _accuracy(sustained or saturated),
        _verdicts(results),
    ]
    return [card for card in cards if card is not None]


def _latency(cells: Sequence[CellView], *, several: bool) -> Card | None:
    """The lowest p99 at the highest rate that anyone sustained."""
    highest = max((cell.rate or 0.0 for cell in cells), default=0.0)
    found = [
        (p99.mean, p50.mean, cell)
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
    rate, cell = max(found, key=lambda entry: entry[0].mean)
    return Card(
        value=number(rate.mean),
        unit="records/s",
        label="highest capacity" if several else "capacity",
        detail=f"{cell.series}, {plus_minus(rate) or 'one run'}",
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
            same = offline is not None and abs(ours.mean - offline.mean) < 1e-9  # noqa: PLR2004
            return Card(
                value=percent(ours.mean),
                unit="",
                label="accuracy end to end",
                detail="equals the model's offline accuracy on the same points"
                if same
                else f"offline on the same points: {percent(offline.mean if offline else None)}",
                tone="good" if same else "",
            )
    return None


def _verdicts(results: Results) -> Card:
    states = [run.verdict.state for run in results.runs]
    others = [
        f"{states.count(state)} {state.value}"
        for state in (VerdictState.INVALID, VerdictState.FAILED)
        if state in states
    ]
    return Card(
        value=str(states.count(VerdictState.VALID)),
        unit=f"of {len(states)}",
        label="runs are VALID",
        detail=", ".join(others) or "every run means what it says",
        tone="" if others else "good",
    )
