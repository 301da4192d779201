"""Deaths, stops, broken models: each must be seen, said and cleaned up."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from .conftest import docker, left_behind, own_root, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Finished, Started

pytestmark = pytest.mark.e2e

DRIVERS = {
    ("flink", "python"): "flink-driver",
    ("flink", "jvm"): "flink-driver",
    ("kafka-streams", "jvm"): "kafka-streams",
    ("ray", "python"): "ray-driver",
    ("spark", "python"): "spark-driver",
    ("spark", "jvm"): "spark-driver",
}
"""What loads the model first."""
SHORT = ("input-rate", "--reps", "1", "--warmup", "2")
QUICK = (*SHORT, "--sp", "kafka-streams")
"""What is true of every processor is asked of the one that starts soonest."""


def test_a_death_fails_the_run_and_the_next_goes_on(start: Callable[..., Started]) -> None:
    running = start(*QUICK, "--rate", "100", "--seconds", "4", "--reps", "2")
    running.await_phase("measured")
    docker("kill", "crayfish-bench-kafka-streams-1")
    finished = running.finish()

    first, second = finished.runs()
    assert first["verdict"]["state"] == "FAILED"
    assert first["verdict"]["failure"]["component"] == "kafka-streams"
    assert first["verdict"]["failure"]["log_tail"]
    assert second["verdict"]["state"] != "FAILED", finished.output
    assert second["counts"]["ok"] == 400
    assert finished.exit_code == 4
    assert "kafka-streams: ended with exit code 137" in finished.output
    assert left_behind() == []


@pytest.mark.parametrize(
    ("processor", "how"),
    [
        ("flink", signal.SIGINT),
        ("kafka-streams", signal.SIGTERM),
        ("spark", signal.SIGTERM),
        ("ray", signal.SIGINT),
    ],
)
def test_a_stop_leaves_nothing(
    start: Callable[..., Started], processor: str, how: signal.Signals
) -> None:
    running = start(*SHORT, "--sp", processor, "--rate", "100", "--seconds", "60")
    running.await_phase("canary")
    running.process.send_signal(how)
    assert running.process.wait(timeout=60) == 130
    assert left_behind() == []


def test_a_killed_controller_does_not_stop_the_next(start: Callable[..., Started]) -> None:
    """The next start, here with JSON records, clears what the killed one left."""
    running = start(*QUICK, "--rate", "100", "--seconds", "60")
    running.await_phase("canary")
    running.process.kill()
    running.process.wait()
    assert left_behind() != []

    finished = start(*QUICK, "--rate", "100", "--seconds", "3", "--format", "json").finish()
    assert finished.exit_code in {0, 5}, finished.output
    assert "earlier run" in finished.output
    run = finished.run("onnx-100-r1")
    assert run["counts"]["ok"] == 300
    assert run["correctness"]["max_deviation"] <= 1e-5
    assert left_behind() == []


@pytest.fixture(scope="module")
def broken(start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Each processor with a model that has an operator which there is not.

    Its file says all that the plan asks for, so only the tool can tell.
    """
    folder = tmp_path_factory.mktemp("broken")
    root = own_root(folder)
    path = root / "models" / "ffnn" / "ffnn.onnx"
    path.write_bytes(path.read_bytes().replace(b"MatMul", b"NotMul"))
    workloads = [
        {"title": f"{processor} {runtime}", "processor": processor, "runtime": runtime, "rate": 100}
        for processor, runtime in DRIVERS
    ]
    mine = write_experiment(folder, workloads, stop={"seconds": 3})
    return start(mine, root=root).finish(timeout_s=400)


@pytest.mark.timeout(420)
@pytest.mark.parametrize(("processor", "runtime"), DRIVERS)
def test_a_broken_model_is_named(broken: Finished, processor: str, runtime: str) -> None:
    (run,) = broken.titled(f"{processor} {runtime}")
    failure = run["verdict"]["failure"]
    assert failure["component"] == DRIVERS[processor, runtime]
    assert "exit code 2" in failure["message"]
    assert "/models/ffnn/ffnn.onnx" in "".join(failure["log_tail"])
    assert broken.exit_code == 4
    assert left_behind() == []
