"""The schedule of the plan, fed with results: what each of them means for the runs after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.analysis import counts, key_metric, value_of
from crayfish_ctl.analysis.search import Objective, holds
from crayfish_ctl.plan import schedule
from crayfish_ctl.plan.outcome import Outcome
from crayfish_ctl.results import VerdictState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.plan import Plan, RunSpec
    from crayfish_ctl.results import RunResult


def next_run(plan: Plan, done: Sequence[RunResult]) -> RunSpec | None:
    """The run that follows `done`; None if the experiment is complete."""
    return schedule.next_run(plan, [outcome_of(plan, run) for run in done])


def not_run(plan: Plan, done: Sequence[RunResult]) -> tuple[str, ...]:
    """The workloads that had to be left out, each with the reason, when `next_run` has no more."""
    return schedule.not_run(plan, [outcome_of(plan, run) for run in done])


def outcome_of(plan: Plan, run: RunResult) -> Outcome:
    """What a result means for the runs after it."""
    spec = run.spec
    search = plan.sizing.workloads[spec.workload].search
    valid = run.verdict.state is VerdictState.VALID
    capacity = run.throughput.capacity if run.throughput else None
    return Outcome(
        spec,
        carried=valid if counts(run.verdict) else None,
        value=value_of(run, key_metric(spec.cell)) if valid else None,
        capacity=None
        if capacity is None
        else capacity.sharing_records_per_s or capacity.records_per_s,
        held=search is not None and holds(run, Objective.model_validate(search)),
    )
