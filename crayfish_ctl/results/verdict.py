"""What a run is worth, and why."""

from __future__ import annotations

from enum import StrEnum

from .frozen import Frozen


class VerdictState(StrEnum):
    """What a run is worth."""

    VALID = "VALID"
    INVALID = "INVALID"
    """It ended, but its numbers do not mean what they should; the reasons say why."""
    FAILED = "FAILED"
    """It did not end: a component died, or never became ready."""


class Reason(Frozen):
    """Why a run is INVALID, or what a reader should know of a VALID one."""

    code: str
    message: str
    """With figures, and what to do."""


class Failure(Frozen):
    """What ended a FAILED run."""

    component: str
    message: str
    log_tail: tuple[str, ...] = ()


class Verdict(Frozen):
    """The state of a run with its reasons; `notes` never make a run INVALID."""

    state: VerdictState
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    failure: Failure | None = None
