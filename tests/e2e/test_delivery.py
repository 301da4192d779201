"""Exactly once: a worker that dies in the middle of a run neither loses nor repeats a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Finished, Started

pytestmark = pytest.mark.e2e

RATE, SECONDS = 100, 8
CASES = {
    "flink": {"worker": "flink-taskmanager", "interval": "progress_interval_ms"},
    "kafka-streams": {"worker": "kafka-streams", "interval": "progress_interval_ms"},
}
"""What holds the scorers, and what says how often a transaction ends."""


def _workload(processor: str) -> dict[str, Any]:
    worker, interval = CASES[processor]["worker"], CASES[processor]["interval"]
    return {
        "title": processor,
        "processor": processor,
        "runtime": "jvm",
        "rate": RATE,
        "goal": "overload",
        # Results become visible with each transaction.
        "processor_options": {interval: 500},
        "faults": [{"at_seconds": 3, "service": worker, "action": "kill", "seconds": 1}],
    }


@pytest.fixture(scope="module")
def once(start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One run for each processor that offers it."""
    folder = tmp_path_factory.mktemp("once")
    workloads = [_workload(processor) for processor in CASES]
    mine = write_experiment(folder, workloads, stop={"seconds": SECONDS})
    return start(mine, "--delivery", "exactly-once").finish(timeout_s=400)


@pytest.mark.timeout(420)
@pytest.mark.parametrize("processor", CASES)
def test_exactly_once_is_once(once: Finished, processor: str) -> None:
    (run,) = once.titled(processor)
    records = once.records(run["run_id"])
    assert [fault["action"] for fault in run["faults"]] == ["kill"]
    assert records.height == records["id"].n_unique() == RATE * SECONDS, once.output
    assert set(records["status"]) == {"ok"}, once.output
    assert records["duplicates"].sum() == 0
