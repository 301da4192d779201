"""What surrounds an experiment: nobody else measures meanwhile, and nothing is left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from crayfish_ctl.stack import ComposeTarget


def remove_leftovers(target: ComposeTarget, console: Console) -> None:
    """What a controller that was killed left behind; nobody else runs, the lock says so."""
    leftovers = target.containers()
    if leftovers:
        console.print(f"removing {len(leftovers)} containers of an earlier run that was killed")
    target.down()


@contextlib.contextmanager
def cleaned(target: ComposeTarget, console: Console) -> Iterator[None]:
    """Remove the stack however the end comes; a second Ctrl-C does not stop the cleaning."""
    try:
        yield
    finally:
        handlers = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)}
        if isinstance(sys.exc_info()[1], KeyboardInterrupt):
            console.print("interrupted: removing containers, networks and volumes")
        target.down()
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One experiment at a time on a host: two would measure each other.

    Raises:
        CrayfishError: if another one runs.
    """
    path = Path(tempfile.gettempdir()) / "crayfish.lock"
    try:
        file = path.open("a+")
    except OSError as error:
        raise CrayfishError(
            f"{path}: {error.strerror}",
            hint="another user made it: remove it if no experiment runs",
            code=ExitCode.HOST,
        ) from None
    with file:
        with contextlib.suppress(PermissionError):  # another user's, who has opened it to all
            path.chmod(0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise CrayfishError(
                f"another experiment runs on this host (process {holder})",
                hint="wait for it: two at a time would measure each other",
                code=ExitCode.HOST,
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
