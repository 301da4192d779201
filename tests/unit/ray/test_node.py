"""A node's container: `ray start` behind JSON lines, with an exit code that says what happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crayfish_contract.service import ServiceExit

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


@pytest.fixture
def node(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a node whose `ray` is the given script."""

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        program = tmp_path / "ray"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return subprocess.Popen(
            [sys.executable, "-m", "crayfish_ray", "node", *arguments],
            env={
                **os.environ,
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "CRAYFISH_COMPONENT": "ray-head",
            },
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def test_it_starts_ray_and_logs_what_it_prints(
    node: Callable[..., subprocess.Popen[str]],
) -> None:
    process = node('echo "$@"; echo a problem >&2; exit 7', "--head", "--num-cpus=0")
    output, _ = process.communicate(timeout=20)
    lines = [json.loads(line) for line in output.splitlines()]
    assert {line["component"] for line in lines} == {"ray-head"}
    assert [line["msg"] for line in lines] == ["start --block --head --num-cpus=0", "a problem"]
    assert process.returncode == 7


def test_an_end_that_nobody_asked_for_is_a_failure(
    node: Callable[..., subprocess.Popen[str]],
) -> None:
    process = node("exit 0", "--head")
    process.communicate(timeout=20)
    assert process.returncode == ServiceExit.BUG


def test_sigterm_ends_the_node_and_is_no_failure(
    node: Callable[..., subprocess.Popen[str]],
) -> None:
    process = node(
        "trap 'echo stopping; exit 15' TERM; echo up; while :; do sleep 0.1; done", "--head"
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["msg"] == "up"
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert json.loads(output)["msg"] == "stopping"
    assert process.returncode == ServiceExit.OK
