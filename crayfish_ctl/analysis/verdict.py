"""The verdict of a run: each rule looks at the numbers and either finds a reason or does not.

A rule of `REASONS` makes a run INVALID: its numbers do not mean what they say. A rule of `NOTES`
only tells the reader something. `blame` says whose fault each reason is. Every threshold is in
docs/methodology.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from crayfish_ctl.results.verdict import Reason, Verdict, VerdictState

from .calls import little, window_not_full
from .facts import (
    GROWTH_P_VALUE,
    GROWTH_SECONDS,
    MAX_ACCURACY_ERROR,
    MAX_CLOCK_STEP_MS,
    MAX_LAG_P99_MS,
    MAX_RATE_ERROR,
    MAX_THROTTLED_SHARE,
    MIN_ACHIEVED_SHARE,
    Facts,
)
from .rules_containers import (
    collector_paused,
    exit_codes,
    fault_not_done,
    harness_out_of_memory,
    harness_throttled,
    image_changed,
    load_not_alone,
    no_metrics,
    out_of_memory,
    pool_above_limit,
    restarted,
    system_throttled,
)
from .rules_load import (
    backlog_growing,
    held_back,
    not_saturated,
    producer_late,
    still_warming,
    unsettled,
    unsteady,
)
from .rules_nodes import node_limit
from .rules_records import (
    accuracy_differs,
    clock_step,
    clocks,
    duplicates,
    duplicates_in_exactly_once,
    failed_records,
    lost,
    other_clock,
    unchecked,
    undelivered,
    unfinished,
    unfinished_backlog,
    wrong_outputs,
)

__all__ = [
    "GROWTH_P_VALUE",
    "GROWTH_SECONDS",
    "MAX_ACCURACY_ERROR",
    "MAX_CLOCK_STEP_MS",
    "MAX_LAG_P99_MS",
    "MAX_RATE_ERROR",
    "MAX_THROTTLED_SHARE",
    "MIN_ACHIEVED_SHARE",
    "NOTES",
    "REASONS",
    "Facts",
    "Rule",
    "judge",
]

Rule = Callable[[Facts], Reason | None]


def judge(facts: Facts) -> Verdict:
    """Apply every rule."""
    reasons = _apply(REASONS, facts)
    return Verdict(
        state=VerdictState.INVALID if reasons else VerdictState.VALID,
        reasons=reasons,
        notes=_apply(NOTES, facts),
    )


def _apply(rules: tuple[Rule, ...], facts: Facts) -> tuple[Reason, ...]:
    found = (rule(facts) for rule in rules)
    return tuple(reason for reason in found if reason is not None)


REASONS: Final[tuple[Rule, ...]] = (
    producer_late,
    unsettled,
    lost,
    unfinished,
    failed_records,
    undelivered,
    duplicates_in_exactly_once,
    wrong_outputs,
    unchecked,
    accuracy_differs,
    clock_step,
    little,
    harness_throttled,
    out_of_memory,
    harness_out_of_memory,
    backlog_growing,
    no_metrics,
    fault_not_done,
    image_changed,
)
NOTES: Final[tuple[Rule, ...]] = (
    held_back,
    restarted,
    system_throttled,
    collector_paused,
    pool_above_limit,
    duplicates,
    unfinished_backlog,
    not_saturated,
    window_not_full,
    still_warming,
    unsteady,
    clocks,
    other_clock,
    load_not_alone,
    node_limit,
    exit_codes,
)
