"""Deaths, Ctrl-C, broken models: each must be seen, said and cleaned up."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from .conftest import docker, left_behind, own_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e

TASKMANAGER = "crayfish-flink-taskmanager-1"
SHORT = ("input-rate", "--reps", "1", "--warmup", "2")


def test_a_death_fails_the_run_and_the_next_goes_on(start: Callable[..., Started]) -> None:
    running = start(*SHORT, "--rate", "100", "--seconds", "4", "--reps", "2")
    running.await_phase("measured")
    docker("kill", TASKMANAGER)
    finished = running.finish()

    first, second = finished.runs()
    assert first["verdict"]["state"] == "FAILED"
    assert first["verdict"]["failure"]["component"] == "flink-taskmanager"
    assert first["verdict"]["failure"]["log_tail"]
    assert second["verdict"]["state"] != "FAILED", finished.output
    assert second["counts"]["ok"] == 400
    assert finished.exit_code == 4
    assert "flink-taskmanager" in finished.output
    assert left_behind() == []


def test_ctrl_c_leaves_nothing(start: Callable[..., Started]) -> None:
    running = start(*SHORT, "--rate", "100", "--seconds", "60")
    running.await_phase("canary")
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(timeout=60) == 130
    assert left_behind() == []


def test_a_killed_controller_does_not_stop_the_next(start: Callable[..., Started]) -> None:
    """The next start, here with JSON records, clears what the killed one left."""
    running = start(*SHORT, "--rate", "100", "--seconds", "60")
    running.await_phase("canary")
    running.process.kill()
    running.process.wait()
    assert left_behind() != []

    finished = start(*SHORT, "--rate", "100", "--seconds", "3", "--format", "json").finish()
    assert finished.exit_code in {0, 5}, finished.output
    assert "earlier run" in finished.output
    run = finished.run("onnx-100-r1")
    assert run["counts"]["ok"] == 300
    assert run["correctness"]["max_deviation"] <= 1e-5
    assert left_behind() == []


def test_a_broken_model_is_named(start: Callable[..., Started], tmp_path: Path) -> None:
    """Without a digest in its config only the tool can tell that a model is broken."""
    root = own_root(tmp_path)
    (root / "models" / "ffnn" / "ffnn.onnx").write_bytes(b"not a model")

    finished = start(*SHORT, "--rate", "100", "--seconds", "3", root=root).finish()
    failure = finished.run("onnx-100-r1")["verdict"]["failure"]
    assert failure["component"] == "flink-driver"
    assert "/models/ffnn/ffnn.onnx" in "".join(failure["log_tail"])
    assert finished.exit_code == 4
    assert left_behind() == []
