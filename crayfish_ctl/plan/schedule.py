"""Which run comes next: a function of the plan and of the outcomes so far, and of nothing else.

So an experiment that was killed goes on with the very run that it would have gone on with, and the
preview of a plan is the same function, fed with outcomes that are assumed.
"""

from __future__ import annotations

import hashlib
from statistics import median
from typing import TYPE_CHECKING, Final

from .expand import first_run, make_spec
from .outcome import Outcome
from .pace import assumed_rate, bare_rate, earlier, lasts_by_its_scorer
from .search import Found, Tried, next_try

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import RunSpec
    from .plan import Plan

_ASSUMED_SHARE: Final = 0.8
"""Of the top of a search: what the preview takes for the highest rate that holds."""
VERSION: Final = 2
"""Of the order of the runs; an experiment that began in another order cannot go on in this one."""


def next_run(plan: Plan, done: Sequence[Outcome]) -> RunSpec | None:
    """The run that follows `done`; None if the experiment is complete.

    All workloads once, then all again for the next repetition: a slow drift of the machine hits all
    cells alike. Each round has an order of its own (`round_order`). Beyond the repetitions asked
    for, a workload is run again up to the maximum while `_enough` says no. Searches come last. A
    workload whose rate is a share of a capacity waits until a run has measured that; see `not_run`.
    """
    sizing = plan.sizing
    have = {(run.spec.workload, run.spec.repetition) for run in done}
    for repetition in range(1, (sizing.max_repetitions or sizing.repetitions) + 1):
        for position in round_order(plan, repetition):
            entry = sizing.workloads[position]
            if (position, repetition) in have:
                continue
            if repetition > sizing.repetitions and _enough(plan, position, done):
                continue
            rate = _share(plan, position, done) if entry.rate == "capacity" else None
            bare = _bare(plan, position, done) if lasts_by_its_scorer(plan, position) else None
            if rate is None and bare is None and _waits(plan, position):
                continue
            return make_spec(plan, position, repetition, len(done), rate=rate, bare=bare)
    for position, entry in enumerate(sizing.workloads):
        if entry.search is None:
            continue
        top = _top(plan, position, done)
        if top is None:
            continue
        own = [run for run in done if run.spec.workload == position]
        tried = [Tried(run.spec.cell.rate or 0.0, run.spec.purpose, run.held) for run in own]
        step = next_try(entry.search, top, tried)
        if not isinstance(step, Found):
            return make_spec(
                plan, position, len(own) + 1, len(done), rate=step.rate, purpose=step.purpose
            )
    return None


def round_order(plan: Plan, repetition: int) -> list[int]:
    """The workloads of one round (positions in the sizing), shuffled by the experiment's seed.

    Without that a cell would always follow the same other one, and the first would always be first.
    The workloads of one processor stay together, because another one needs another stack, and among
    them those of one model server. In the first round a workload that takes its length from the
    bare scorer's rate, or its own rate from a capacity, comes after all that measure one; and if
    there is a warm-up for the cold stack, the workload written first begins, because that warm-up's
    rate was chosen for its records. Searches are in no round.
    """
    sizing, seed = plan.sizing, f"{plan.choices.seed} {repetition}"
    positions = [p for p, entry in enumerate(sizing.workloads) if entry.search is None]
    if not sizing.shuffle:
        return positions
    processors = [system.processor for system in plan.systems]
    servers = [" ".join(plan.tools[system.tool].fragments) for system in plan.systems]
    cold = repetition == 1 and sizing.first_warmup is not None

    def place(position: int) -> tuple[bool, bytes, bool, bytes, bool, int, bytes]:
        return (
            not (cold and processors[position] == processors[0]),
            _drawn(f"{seed} {processors[position]}"),
            not (cold and servers[position] == servers[0]),
            _drawn(f"{seed} {servers[position]}"),
            not (cold and position == 0),
            _waits(plan, position) if repetition == 1 else 0,
            _drawn(f"{seed} {position}"),
        )

    return sorted(positions, key=place)


def _waits(plan: Plan, position: int) -> int:
    """1: for the rate of its bare scorer; 2: for a capacity, whose own run may wait for that."""
    if plan.sizing.workloads[position].rate == "capacity":
        return 2
    return int(lasts_by_its_scorer(plan, position))


def _drawn(text: str) -> bytes:
    """A place by chance; no random generator, because the order must outlive versions of Python."""
    return hashlib.sha256(text.encode()).digest()


def _enough(plan: Plan, position: int, done: Sequence[Outcome]) -> bool:
    """Whether a workload that has been run as often as was asked for needs no further run.

    It needs one for each in which the harness failed. Where more than one was asked for, the first
    three (or as many as were asked for) then decide by their spread how many there are to be
    (`crayfish_ctl.sample`); what the system could not carry is an answer that no spread improves.
    """
    asked = plan.sizing.repetitions
    counted = [run for run in done if run.spec.workload == position and run.carried is not None]
    if len(counted) < asked:
        return False
    if asked == 1 or not all(run.carried for run in counted):
        return True
    from crayfish_ctl.sample import MIN_RUNS, runs_needed  # noqa: PLC0415  slow, seldom needed

    first = max(asked, MIN_RUNS)
    stage = [run.value for run in counted[:first]]
    known = [value for value in stage if value is not None and value > 0]
    if len(known) < first:
        return False
    return len(counted) >= runs_needed(known, plan.sizing.precision)


def not_run(plan: Plan, done: Sequence[Outcome]) -> tuple[str, ...]:
    """The workloads that had to be left out, each with the reason, when `next_run` has no more."""
    ran = {run.spec.workload for run in done}
    return tuple(
        f"workload {position + 1}: its {_what_waits(plan, position)} of "
        f"{first_run(plan, position).cell.system}, which no run has measured: see why the run that "
        "should have FAILED, then `crayfish resume --failed`"
        for position in range(len(plan.sizing.workloads))
        if position not in ran
    )


def _what_waits(plan: Plan, position: int) -> str:
    if _waits(plan, position) == 1:
        return "length follows from the bare scorer"
    return "rate is a share of the capacity"


def preview(plan: Plan) -> tuple[RunSpec, ...]:
    """The fewest runs that there will be, in their order, with assumed rates where none is known.

    All go well, and all values of a cell are the same; a search holds up to a share of its top.
    """
    runs: list[RunSpec] = []
    done: list[Outcome] = []
    while (spec := next_run(plan, done)) is not None:
        runs.append(spec)
        done.append(_assumed(plan, spec))
    return tuple(runs)


def _assumed(plan: Plan, spec: RunSpec) -> Outcome:
    entry = plan.sizing.workloads[spec.workload]
    assumed = assumed_rate(plan, spec.cell)
    top = assumed * entry.share if isinstance(entry.rate, str) else entry.rate
    return Outcome(
        spec,
        carried=True,
        value=1.0,
        capacity=assumed if spec.cell.aim.floods else None,
        held=spec.cell.rate is not None and spec.cell.rate <= _ASSUMED_SHARE * (top or 0.0),
    )


def _share(plan: Plan, position: int, done: Sequence[Outcome]) -> float | None:
    # To three digits, so that it can be said aloud.
    capacity = capacity_of(plan, position, done)
    share = plan.sizing.workloads[position].share
    return None if capacity is None else float(f"{capacity * share:.3g}")


def _bare(plan: Plan, position: int, done: Sequence[Outcome]) -> float | None:
    return bare_rate(first_run(plan, position).cell, earlier(position, done))


def _top(plan: Plan, position: int, done: Sequence[Outcome]) -> float | None:
    rate = plan.sizing.workloads[position].rate
    return float(rate) if isinstance(rate, float | int) else _share(plan, position, done)


def capacity_of(plan: Plan, position: int, done: Sequence[Outcome]) -> float | None:
    """What the pipeline carries while everything shares the machine, records/s: median of its runs.

    Those before the workload's own first run, so that later ones do not change its rate. None if no
    run of the same system has found one.
    """
    cell = first_run(plan, position).cell
    found = [
        run.capacity
        for run in earlier(position, done)
        if run.capacity is not None and run.spec.cell.same_system(cell)
    ]
    return float(median(found)) if found else None
