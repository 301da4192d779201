"""What surrounds an experiment: nothing is left behind, and nobody is locked out."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.interrupts import ENDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.targets import Target


def remove_leftovers(target: Target, console: Console) -> None:
    """What a controller that was killed left behind; nobody else runs, the lock says so."""
    leftovers = target.tasks()
    if leftovers:
        console.print(f"removing {len(leftovers)} containers of an earlier run that was killed")
    target.down()


@contextlib.contextmanager
def cleaned(
    target: Target, console: Console, then: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Remove the stack however the end comes; a second Ctrl-C does not stop the cleaning.

    Args:
        target: where it runs.
        console: told what could not be removed.
        then: called when nothing of it runs any more.
    """
    try:
        yield
    finally:
        before = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, *ENDS)}
        try:
            ending = sys.exc_info()[1]
            if isinstance(ending, KeyboardInterrupt):
                console.print("interrupted: removing containers, networks and volumes")
            try:
                target.down()
            except CrayfishError as error:
                if ending is None:
                    raise
                # What ended the experiment says more; this is only what it left.
                console.print(f"{error.message}: {error.hint or ''}", markup=False)
            then()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def given_back(folder: Path) -> Iterator[None]:
    """What root made by `sudo` belongs to the user who asked for it, at the end.

    Otherwise that user could not start an experiment there any more.

    Args:
        folder: with all that is in it; may not be there yet.
    """
    try:
        yield
    finally:
        user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
        if os.getuid() == 0 and user.isdigit() and group.isdigit() and folder.is_dir():
            for path in (folder, *folder.rglob("*")):
                os.chown(path, int(user), int(group), follow_symlinks=False)
