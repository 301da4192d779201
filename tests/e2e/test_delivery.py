"""Exactly once: a worker that dies in the middle of a run neither loses nor repeats a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Finished, Started

pytestmark = pytest.mark.e2e

RATE, SECONDS = 100, 8
CASES = {
    "flink": {"worker": "flink-taskmanager", "interval": "checkpoint_interval_ms"},
    "kafka-streams": {"worker": "kafka-streams", "interval": "commit_interval_ms"},
}
"""What holds the scorers, and what says how often a transaction ends."""


def _workload(processor: str) -> dict[str, Any]:
    worker, interval = CASES[processor]["worker"], CASES[processor]["interval"]
    return {
        "title": processor,
        "processor": processor,
        "rate": RATE,
        "goal": "overload",
        # Results become visible with each transaction.
        "processor_options": {interval: 500},
        "faults": [{"at_seconds": 3, "service": worker, "action": "kill", "seconds": 1}],
    }


@pytest.fixture(scope="module")
def once(start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One run for each processor that offers it."""
    experiment = {
        "name": "exactly-once",
        "question": "Does each record come out once, although a worker dies?",
        "defaults": {"processor": "flink", "runtime": "jvm", "tool": "onnx", "model": "ffnn"},
        "profiles": {
            "laptop": {
                "repetitions": 1,
                "warmup": {"seconds": 2},
                "stop": {"seconds": SECONDS},
                "workloads": [_workload(processor) for processor in CASES],
            }
        },
    }
    path = tmp_path_factory.mktemp("once") / "exactly-once.yaml"
    path.write_text(yaml.safe_dump(experiment))
    return start(str(path), "--delivery", "exactly-once").finish(timeout_s=400)


@pytest.mark.timeout(420)
@pytest.mark.parametrize("processor", CASES)
def test_exactly_once_is_once(once: Finished, processor: str) -> None:
    (run,) = once.titled(processor)
    records = once.records(run["run_id"])
    assert [fault["action"] for fault in run["faults"]] == ["kill"]
    assert records.height == records["id"].n_unique() == RATE * SECONDS, once.output
    assert set(records["status"]) == {"ok"}, once.output
    assert records["duplicates"].sum() == 0
