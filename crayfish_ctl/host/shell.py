"""Commands on the host: each is said before it runs, and its last words are in the error."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Say = Callable[[str], object]


def privilege() -> list[str] | None:
    """What to put before a command that needs root: nothing, `sudo`, or None if there is no way."""
    if os.getuid() == 0:
        return []
    return ["sudo"] if shutil.which("sudo") else None


def run_as_root(command: Sequence[str], say: Say, *, cwd: Path | None = None) -> None:
    """Run a command as root; what it prints is shown only if it fails.

    Raises:
        CrayfishError: if it fails, or neither root nor sudo is there.
    """
    prefix = privilege()
    shown = shlex.join(command)
    if prefix is None:
        raise CrayfishError(
            f"`{shown}` needs root, and there is no sudo", hint="run it as root", code=ExitCode.HOST
        )
    say(f"  $ {' '.join([*prefix, shown])}")
    started = time.monotonic()
    done = subprocess.run(
        # By `env`, behind sudo, which passes nothing of the environment on.
        [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise CrayfishError(
            f"`{shown}` ended with {done.returncode}:\n{tail}",
            hint="mend what it says and start again",
            code=ExitCode.HOST,
        )
    seconds = time.monotonic() - started
    if seconds > 1:
        say(f"    {seconds:.0f} s")
