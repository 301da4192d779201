"""The few figures that stand on top of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_ctl.results import VerdictState

from .numbers import number, percent, plus_minus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.results import Results

    from .view import CellView

_MOST: Final = 2
"""Cards of one kind: with many systems the table tells the rest."""


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
    sustained = [cell for cell in cells if not cell.saturates and cell.trusted and cell.rate]
    saturated = [cell for cell in cells if cell.saturates and cell.trusted]
    cards = [
        *(_latency(cell) for cell in _one_each(sustained)),
        *(_capacity(cell) for cell in _one_each(saturated)),
        _loss(results),
        _accuracy(sustained or saturated),
        _verdicts(results),
    ]
    return [card for card in cards if card is not None]


def _one_each(cells: Sequence[CellView]) -> list[CellView]:
    """The highest rate of each series."""
    best: dict[str, CellView] = {}
    for cell in sorted(cells, key=lambda cell: cell.rate or 0.0):
        best[cell.series] = cell
    return list(best.values())[:_MOST]


def _latency(cell: CellView) -> Card | None:
    p50, p99 = cell.value("latency_p50_ms"), cell.value("latency_p99_ms")
    if p50 is None or p99 is None:
        return None
    return Card(
        value=number(p99.mean),
        unit="ms",
        label=f"p99 latency at {cell.cell.workload}",
        detail=f"{cell.series}: the highest rate with valid runs; p50 {number(p50.mean)} ms",
    )


def _capacity(cell: CellView) -> Card | None:
    found = cell.value("capacity_records_per_s")
    if found is None:
        return None
    spread = plus_minus(found)
    return Card(
        value=number(found.mean),
        unit="records/s",
        label="capacity",
        detail=f"{cell.series}{f', {spread}' if spread else ', one run'}",
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
