"""Exactly once: a worker that dies in the middle of a run neither loses nor repeats a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e

RATE, SECONDS = 100, 8


CASES = {
    "flink": {"worker": "flink-taskmanager", "interval": "checkpoint_interval_ms"},
    "kafka-streams": {"worker": "kafka-streams", "interval": "commit_interval_ms"},
}
"""What holds the scorers, and what says how often a transaction ends."""


@pytest.mark.parametrize("processor", CASES)
def test_exactly_once_is_once(
    start: Callable[..., Started], tmp_path: Path, processor: str
) -> None:
    worker, interval = CASES[processor]["worker"], CASES[processor]["interval"]
    experiment = {
        "name": "exactly-once",
        "question": "Does each record come out once, although a worker dies?",
        "defaults": {"processor": processor, "runtime": "jvm", "tool": "onnx", "model": "ffnn"},
        "profiles": {
            "laptop": {
                "repetitions": 1,
                "warmup": {"seconds": 2},
                "stop": {"seconds": SECONDS},
                "workloads": [
                    {
                        "rate": RATE,
                        "goal": "overload",
                        # Results become visible with each transaction.
                        "processor_options": {interval: 500},
                        "faults": [
                            {"at_seconds": 3, "service": worker, "action": "kill", "seconds": 1}
                        ],
                    }
                ],
            }
        },
    }
    path = tmp_path / "exactly-once.yaml"
    path.write_text(yaml.safe_dump(experiment))
    finished = start(str(path), "--delivery", "exactly-once").finish()
    records = finished.records("")
    (run,) = finished.runs()
    assert [fault["action"] for fault in run["faults"]] == ["kill"]
    assert records.height == records["id"].n_unique() == RATE * SECONDS, finished.output
    assert set(records["status"]) == {"ok"}, finished.output
    assert records["duplicates"].sum() == 0
