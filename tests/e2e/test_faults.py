"""A fault is part of its run, and of no other: who measures cannot be spared, the others can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import left_behind, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e


def killing(service: str, at_seconds: float) -> dict[str, object]:
    """A workload of 8 s; brackets in a title are a user's own, and no markup."""
    fault = {"at_seconds": at_seconds, "service": service, "action": "kill", "seconds": 1}
    return {"title": f"[{service}]", "rate": 200, "goal": "overload", "faults": [fault]}


def test_a_killed_worker_comes_back_and_a_killed_producer_ends_its_run(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    workloads = [killing("kafka-streams", 2), killing("producer", 2)]
    experiment = write_experiment(tmp_path, workloads, stop={"seconds": 8})
    finished = start(experiment, "--sp", "kafka-streams").finish(timeout_s=240)

    (worker,) = finished.titled("[kafka-streams]")
    assert worker["counts"]["lost"] == 0, finished.output
    assert worker["counts"]["ok"] == 1600
    (fact,) = worker["faults"]
    # By the producer's clock, whatever Prometheus was asked meanwhile.
    began = (fact["started_ns"] - worker["window"]["start_ns"]) / 1e9
    assert 1.9 < began < 3.5
    assert "RESTARTED" in {note["code"] for note in worker["verdict"]["notes"]}

    (producer,) = finished.titled("[producer]")
    failure = producer["verdict"]["failure"]
    assert failure["component"] == "producer"
    assert "by the workload's own fault" in failure["message"]
    ended = max(step["ended_ns"] for step in producer["steps"])
    begun = min(step["started_ns"] for step in producer["steps"])
    assert (ended - begun) / 1e9 < 60, "it did not wait for its deadlines"
    assert finished.exit_code == 4
    assert "[producer]" in finished.output
    assert left_behind() == []
