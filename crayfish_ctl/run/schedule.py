"""Which run comes next: a function of the plan and of the results so far, and of nothing else.

So an experiment that was killed goes on with the very run that it would have gone on with.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from crayfish_ctl.analysis import precise
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import make_spec
from crayfish_ctl.plan.build import ASSUMED_CAPACITY
from crayfish_ctl.results import VerdictState

from .search import Found, next_try

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.plan import Plan, RunSpec
    from crayfish_ctl.results import RunResult


class NoCapacityError(CrayfishError):
    """A workload asks for a share of a capacity that no run has measured."""


def next_run(plan: Plan, done: Sequence[RunResult]) -> RunSpec | None:
    """The run that follows `done`; None if the experiment is complete.

    All workloads once, then all again for the next repetition: a slow drift of the machine hits all
    cells alike. Beyond the repetitions asked for, a workload is run again while it is not precise
    enough or has an INVALID run, up to the maximum. Searches come last.

    Raises:
        NoCapacityError: if the rate of the next run cannot be known.
    """
    sizing = plan.sizing
    have = {(run.spec.workload, run.spec.repetition) for run in done}
    for repetition in range(1, (sizing.max_repetitions or sizing.repetitions) + 1):
        for position, entry in enumerate(sizing.workloads):
            if entry.search is not None or (position, repetition) in have:
                continue
            if repetition > sizing.repetitions and _enough(plan, position, done):
                continue
            rate = _rate(plan, position, done)
            return make_spec(plan, position, repetition, len(done), rate=rate)
    for position, entry in enumerate(sizing.workloads):
        if entry.search is None:
            continue
        own = [run for run in done if run.spec.workload == position]
        step = next_try(entry.search, _top(plan, position, done), own)
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


def _rate(plan: Plan, position: int, done: Sequence[RunResult]) -> float | None:
    """The rate of a workload that is a share of a capacity; None: it has its own."""
    entry = plan.sizing.workloads[position]
    return _share(plan, position, done) if entry.rate == "capacity" else None


def _share(plan: Plan, position: int, done: Sequence[RunResult]) -> float:
    # To three digits, so that it can be said aloud.
    share = plan.sizing.workloads[position].share
    return float(f"{capacity_of(plan, position, done) * share:.3g}")


def _top(plan: Plan, position: int, done: Sequence[RunResult]) -> float:
    rate = plan.sizing.workloads[position].rate
    return float(rate) if isinstance(rate, float | int) else _share(plan, position, done)


def capacity_of(plan: Plan, position: int, done: Sequence[RunResult]) -> float:
    """What the pipeline carries while everything shares the machine, records/s: median of its runs.

    Those before the workload's own first run, so that later ones do not change its rate; and of
    any verdict, because it only chooses a load.

    Raises:
        NoCapacityError: if no run of the same system has found one.
    """
    cell = make_spec(plan, position, 1, 0, rate=ASSUMED_CAPACITY).cell
    before = takewhile(lambda run: run.spec.workload != position, done)
    found = [
        run.throughput.capacity.sharing_records_per_s or run.throughput.capacity.records_per_s
        for run in before
        if run.throughput is not None
        and run.throughput.capacity is not None
        and run.spec.cell.same_system(cell)
    ]
    if not found:
        raise NoCapacityError(
            f"workload {position + 1}: its rate is a share of the capacity of {cell.system}, which "
            "no run has measured",
            hint="see why the saturating run before it FAILED, or give a rate in records/s",
            code=ExitCode.RUN_FAILED,
        )
    return float(np.median(found))
