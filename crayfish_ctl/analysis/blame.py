"""Whose fault an INVALID run is: that of the measuring, or that of what is measured.

Where the measuring failed, nothing is known of the system, and the run is repeated. What the system
itself did is its answer: such a run counts as a repetition, and no later, luckier one replaces it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from crayfish_ctl.results.verdict import VerdictState

if TYPE_CHECKING:
    from crayfish_ctl.results.verdict import Verdict

BLAME: Final[dict[str, Literal["harness", "system"]]] = {
    "PRODUCER_LATE": "harness",
    "UNSETTLED": "harness",
    "UNDELIVERED": "harness",
    "CLOCK_STEP": "harness",
    "LITTLE": "harness",
    "THROTTLED": "harness",
    "HARNESS_OOM": "harness",
    "NO_METRICS": "harness",
    "FAULT_NOT_DONE": "harness",
    "IMAGE_CHANGED": "harness",
    "LOST": "system",
    "UNFINISHED": "system",
    "FAILED_RECORDS": "system",
    "DUPLICATES": "system",
    "WRONG_OUTPUTS": "system",
    "UNCHECKED": "system",
    "ACCURACY": "system",
    "OOM_KILLED": "system",
    "BACKLOG_GROWING": "system",
}
"""By the code of each of the verdict's REASONS. The broker is a part of the harness."""


def not_carried(verdict: Verdict) -> bool:
    """Whether a run is INVALID by what the system did, and by nothing else.

    Where the harness failed as well, it may be the cause of the rest.
    """
    return (
        verdict.state is VerdictState.INVALID
        and bool(verdict.reasons)
        and all(BLAME.get(reason.code) == "system" for reason in verdict.reasons)
    )


def counts(verdict: Verdict) -> bool:
    """Whether a run is a repetition of its cell: VALID, or not carried."""
    return verdict.state is VerdictState.VALID or not_carried(verdict)
