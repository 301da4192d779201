"""What a machine does inside of a container, tried outside of one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from crayfish_ctl.targets.docker.machine import _KILL

TEXT = "crayfish-test-of-killing"


def test_processes_are_killed_by_a_text_of_their_command_line() -> None:
    program = [sys.executable, "-c", "import time; time.sleep(60)"]
    victim, other = subprocess.Popen([*program, f"a {TEXT} b"]), subprocess.Popen([*program, "x"])
    try:
        done = subprocess.run(
            ["sh", "-c", _KILL],
            env={**os.environ, "CRAYFISH_TEXT": TEXT}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == "1"
        assert victim.wait(5) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        for process in (victim, other):
            process.kill()
            process.wait()
