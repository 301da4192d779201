"""What ends one run before its time; the experiment goes on with the next."""

from __future__ import annotations


class RunFailure(Exception):  # noqa: N818  it is the failure of a run, not an error of the program
    """A component died, or something that the run needs is not there.

    Args:
        component: the service, or the part of the controller that gave up.
        message: what happened, in a sentence.
        log_tail: the component's last log lines.
    """

    def __init__(self, component: str, message: str, log_tail: tuple[str, ...] = ()) -> None:
        super().__init__(component, message)
        self.component = component
        self.message = message
        self.log_tail = log_tail
