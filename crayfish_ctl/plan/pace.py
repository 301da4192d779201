"""How fast a model is scored: assumed while a plan is made, measured by its bare scorer in a run.

By this what is told in seconds (a backlog that lasts so long, a warm-up that leaves none) becomes
numbers of records.
"""

from __future__ import annotations

from itertools import takewhile
from statistics import median
from typing import TYPE_CHECKING, Final

from .size import record_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Cell
    from .outcome import Outcome
    from .plan import Plan

ASSUMED_CAPACITY: Final = 10_000.0
"""records/s of a small model, before a run has measured it."""
_BROKER_BYTES_PER_S: Final = 200e6
"""What a broker takes and gives on a small machine, about: a record of a megabyte is no small one,
whatever scores it."""
_WARMUP_BYTES_PER_S: Final = 60e6
"""A warm-up shares memory and disk with what is measured after it."""
_WARMUP_SHARE: Final = 0.5
"""Of what the scorer carries: it leaves no backlog."""
_FLOOD_BYTES: Final = 1.5e9
"""Of a backlog: it should lie in the page cache, and not be read back from a disk."""
BARE_COUNT: Final = 2_000_000
"""Of calls of a bare scorer that its clock ends: more than any has made in the seconds it gets."""
_NO_MODEL_PER_S: Final = 30_000.0
"""records/s of a pipeline whose scorer scores nothing."""


def assumed_rate(plan: Plan, cell: Cell) -> float:
    """records/s that the cell's system may carry, as long as nobody has measured it."""
    rate = _NO_MODEL_PER_S if cell.scores_nothing else ASSUMED_CAPACITY
    if plan.model.points_per_second is not None and not cell.scores_nothing:
        rate = min(rate, plan.model.points_per_second * cell.parallelism.scorer / cell.batch_size)
    return min(rate, _BROKER_BYTES_PER_S / record_bytes(cell, plan.model))


def lasts_by_its_scorer(plan: Plan, position: int) -> bool:
    """Whether its backlog is told in seconds, so that its length depends on the model's speed."""
    entry = plan.sizing.workloads[position]
    stop = entry.stop or plan.sizing.stop
    scored = not plan.tools[plan.systems[position].tool].scores_nothing
    return entry.rate == "max" and stop.count is None and entry.pipeline != "raw" and scored


def backlog(plan: Plan, cell: Cell, seconds: float, bare: float | None) -> int:
    """Records of a backlog that lasts so long, at most as many as lie in memory.

    Args:
        plan: with the model.
        cell: that works it off.
        seconds: how long.
        bare: records/s of its scorer by itself; None: what is assumed.
    """
    if not cell.way.processor:
        return BARE_COUNT
    rate = assumed_rate(plan, cell) if bare is None else bare * cell.parallelism.scorer
    return max(1, min(round(rate * seconds), int(_FLOOD_BYTES / record_bytes(cell, plan.model))))


def warmup_rate(plan: Plan, cell: Cell, rate: float, bare: float | None) -> float:
    """records/s of a warm-up that leaves no backlog: `rate`, or less for a large or slow model."""
    least = min(rate, _WARMUP_BYTES_PER_S / record_bytes(cell, plan.model))
    return least if bare is None else min(least, _WARMUP_SHARE * bare)


def bare_rate(cell: Cell, before: Sequence[Outcome]) -> float | None:
    """records/s of the cell's scorer by itself, as the likest of the earlier runs found; or None.

    A scorer of the same tool: at best in the same runtime, called alike, in the same processor's
    image.
    """
    found: dict[tuple[bool, bool, bool], list[float]] = {}
    for run in before:
        other = run.spec.cell
        if run.capacity is None or other.way.processor or other.tool != cell.tool:
            continue
        if other.scores_nothing != cell.scores_nothing:
            continue
        like = (
            other.runtime == cell.runtime,
            other.call == cell.call,
            other.processor == cell.processor,
        )
        found.setdefault(like, []).append(run.capacity * other.batch_size / cell.batch_size)
    return float(median(found[max(found)])) if found else None


def earlier(position: int, done: Sequence[Outcome]) -> list[Outcome]:
    """The runs before a workload's own first one: what comes later changes nothing about it."""
    return list(takewhile(lambda run: run.spec.workload != position, done))
