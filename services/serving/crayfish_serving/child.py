"""A server that is a process of another program: it ends when we are told to, and in time."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING, Final

from crayfish_contract.service import ServiceExit

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, Sequence

STOP_S: Final = 7.0
"""For a server to finish what is under way; the container's grace period is 10 s."""


def run_child(
    command: Sequence[str],
    log: logging.Logger,
    *,
    environment: Mapping[str, str] | None = None,
    stop_s: float = STOP_S,
) -> int:
    """Be the program until it ends, or until SIGTERM, which is passed on.

    Nothing is polled meanwhile: what this process costs would count as the server's.

    Args:
        command: of the program; it writes to our own stdout.
        log: says how it ended, if not in order.
        environment: of the program; ours if None.
        stop_s: seconds that it has to end after SIGTERM; then it is killed.

    Returns:
        0 after SIGTERM, whatever its own code: it was asked to end. Else 1, whatever its code: a
        server that ends by itself is a failure.
    """
    started: list[subprocess.Popen[bytes]] = []
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        for child in started:
            child.terminate()
            signal.setitimer(signal.ITIMER_REAL, stop_s)

    def cut_off(*_: object) -> None:
        log.warning("did not end within %g s, and is cut off", stop_s)
        for child in started:
            child.kill()

    signal.signal(signal.SIGALRM, cut_off)
    signal.signal(signal.SIGTERM, stop)
    with subprocess.Popen(command, env=environment) as child:
        started.append(child)
        if stopped:  # before there was one
            stop()
        code = child.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    if stopped:
        return ServiceExit.OK
    log.error("%s ended by itself with code %d", command[0], code)
    return ServiceExit.BUG
