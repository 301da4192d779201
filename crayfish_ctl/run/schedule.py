"""Which run comes next: a function of the plan and of the results so far, and of nothing else.

So an experiment that was killed goes on with the very run that it would have gone on with.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from crayfish_ctl.analysis import precise
from crayfish_ctl.plan import make_spec
from crayfish_ctl.plan.build import ASSUMED_CAPACITY
from crayfish_ctl.results import VerdictState

from .search import Found, next_try

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.plan import Plan, RunSpec
    from crayfish_ctl.plan.model import Cell
    from crayfish_ctl.results import RunResult


def next_run(plan: Plan, done: Sequence[RunResult]) -> RunSpec | None:
    """The run that follows `done`; None if the experiment is complete.

    All workloads once, then all again for the next repetition: a slow drift of the machine hits all
    cells alike. Beyond the repetitions asked for, a workload is run again while it is not precise
    enough or has an INVALID run, up to the maximum. Searches come last. A workload whose rate is a
    share of a capacity waits until a run has measured that; see `not_run`.
    """
    sizing = plan.sizing
    have = {(run.spec.workload, run.spec.repetition) for run in done}
    for repetition in range(1, (sizing.max_repetitions or sizing.repetitions) + 1):
        for position, entry in enumerate(sizing.workloads):
            if entry.search is not None or (position, repetition) in have:
                continue
            if repetition > sizing.repetitions and _enough(plan, position, done):
                continue
            rate = _share(plan, position, done) if entry.rate == "capacity" else None
            if entry.rate == "capacity" and rate is None:
                continue
            return make_spec(plan, position, repetition, len(done), rate=rate)
    for position, entry in enumerate(sizing.workloads):
        if entry.search is None:
            continue
        top = _top(plan, position, done)
        if top is None:
            continue
        own = [run for run in done if run.spec.workload == position]
        step = next_try(entry.search, top, own)
        if not isinstance(step, Found):
            return make_spec(
                plan, position, len(own) + 1, len(done), rate=step.rate, purpose=step.purpose
            )
    return None


def _enough(plan: Plan, position: int, done: Sequence[RunResult]) -> bool:
    runs = [run for run in done if run.spec.workload == position]
    valid = [run for run in runs if run.verdict.state is VerdictState.VALID]
    # A single repetition was asked for: there is no interval to narrow.
    narrow = plan.sizing.repetitions == 1 or precise(valid, plan.sizing.precision)
    return len(valid) >= plan.sizing.repetitions and narrow


def not_run(plan: Plan, done: Sequence[RunResult]) -> tuple[str, ...]:
    """The workloads that had to be left out, each with the reason, when `next_run` has no more."""
    ran = {run.spec.workload for run in done}
    return tuple(
        f"workload {position + 1}: its rate is a share of the capacity of "
        f"{_cell(plan, position).system}, which no run has measured: see why its saturating run "
        "FAILED, then `crayfish resume --failed`"
        for position in range(len(plan.sizing.workloads))
        if position not in ran
    )


def _share(plan: Plan, position: int, done: Sequence[RunResult]) -> float | None:
    # To three digits, so that it can be said aloud.
    capacity = capacity_of(plan, position, done)
    share = plan.sizing.workloads[position].share
    return None if capacity is None else float(f"{capacity * share:.3g}")


def _top(plan: Plan, position: int, done: Sequence[RunResult]) -> float | None:
    rate = plan.sizing.workloads[position].rate
    return float(rate) if isinstance(rate, float | int) else _share(plan, position, done)


def _cell(plan: Plan, position: int) -> Cell:
    return make_spec(plan, position, 1, 0, rate=ASSUMED_CAPACITY).cell


def capacity_of(plan: Plan, position: int, done: Sequence[RunResult]) -> float | None:
    """What the pipeline carries while everything shares the machine, records/s: median of its runs.

    Those before the workload's own first run, so that later ones do not change its rate; and of
    any verdict, because it only chooses a load. None if no run of the same system has found one.
    """
    cell = _cell(plan, position)
    before = takewhile(lambda run: run.spec.workload != position, done)
    found = [
        run.throughput.capacity.sharing_records_per_s or run.throughput.capacity.records_per_s
        for run in before
        if run.throughput is not None
        and run.throughput.capacity is not None
        and run.spec.cell.same_system(cell)
    ]
    return float(np.median(found)) if found else None
