"""Every failure that a user can mend is one exception type; only bugs show a traceback.

Exit codes (documented in docs/cli.md): the process ends with `CrayfishError.exit_code`.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["CrayfishError", "ExitCode"]


class ExitCode(IntEnum):
    """What the `crayfish` process ends with."""

    OK = 0
    BUG = 1
    """An unexpected exception: a traceback is shown, please report it."""
    USAGE = 2
    """Bad input: an option, a config file, a model file, the user's own points."""
    HOST = 3
    """The host lacks something: no engine answers, no space, an image cannot be built."""
    RUN_FAILED = 4
    """At least one run FAILED (a component died or never became ready)."""
    RUN_INVALID = 5
    """All runs ended, but at least one cell has no VALID run, or is not sustained."""
    REGRESSION = 6
    """`compare`: something has become significantly worse, by more than the threshold."""
    UNDECIDED = 7
    """`compare`: nothing is known to be worse, but something may be, by more than the threshold."""
    INTERRUPTED = 130
    """Ctrl-C or SIGTERM; everything that was started has been removed."""


class CrayfishError(Exception):
    """An expected failure, with a message that says where, what, and how to mend it.

    Args:
        message: where (file, field), and what is wrong.
        hint: what the user can do about it.
        code: the exit code of the process.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, code: ExitCode = ExitCode.USAGE
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = code
