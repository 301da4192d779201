"""A server that is another program's process ends when it is told to, in time and in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PARENT = """
import logging, sys
from crayfish_serving import run_child
logging.basicConfig(stream=sys.stdout, format="%(message)s")
sys.exit(run_child([sys.executable, "-c", sys.argv[1]], logging.getLogger(), stop_s=0.5))
"""
ORDERLY = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("finished"), sys.exit(143)))
print("serves", flush=True)
signal.pause()
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("serves", flush=True)
time.sleep(600)
"""


def start(child: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, child],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )


@pytest.mark.parametrize(("child", "said"), [(ORDERLY, "finished"), (STUBBORN, "is cut off")])
def test_it_ends_when_it_is_told_to(child: str, said: str) -> None:
    with start(child) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "serves\n"
        asked = time.monotonic()
        parent.send_signal(signal.SIGTERM)
        output = parent.stdout.read()
        assert parent.wait(10) == 0
    assert said in output
    assert time.monotonic() - asked < 5


@pytest.mark.parametrize("code", [0, 7])
def test_one_that_ends_by_itself_has_failed(code: int) -> None:
    with start(f"raise SystemExit({code})") as parent:
        output, _ = parent.communicate(timeout=10)
    assert parent.returncode == 1
    assert f"ended by itself with code {code}" in output
