"""What people type, and what they get back when it is wrong: a message and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def crayfish(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from crayfish_ctl.cli import main; main()", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_plan_shows_every_run() -> None:
    done = crayfish("plan", "input-rate", "--rate", "10,max", "--reps", "2")
    assert done.returncode == 0, done.stderr
    assert "04-flink-python-onnx-max-r2" in done.stdout
    assert "4 runs" in done.stdout


def test_ls_shows_what_there_is() -> None:
    done = crayfish("ls")
    assert done.returncode == 0, done.stderr
    for name in ("flink", "onnx", "noop", "ffnn", "laptop", "input-rate"):
        assert name in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "input-rat"), "did you mean input-rate"),
        (("plan", "input-rate", "--sp", "flnk"), "did you mean flink"),
        (("plan", "input-rate", "--rate", "0"), "--rate"),
        (("plan", "no/such/file.yaml"), "no/such/file.yaml"),
        (("run", "input-rate", "--no-setup", "--points", "/none.npy"), "/none.npy"),
    ],
)
def test_bad_input_is_a_message_and_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    done = crayfish(*arguments, DOCKER_HOST="")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_engine_that_does_not_answer_is_exit_code_3() -> None:
    done = crayfish("run", "input-rate", DOCKER_HOST="unix:///nonexistent.sock")
    assert done.returncode == 3, done.stderr
    assert "nonexistent.sock" in done.stderr
    assert "Traceback" not in done.stderr
