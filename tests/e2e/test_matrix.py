"""Every supported cell, end to end: ids, timestamps, predictions, batches of 1 and of many."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import yaml

from crayfish_ctl.catalog import load_catalog, supported

from .conftest import ROOT, left_behind

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_ctl.catalog import System

    from .conftest import Finished, Started

pytestmark = pytest.mark.e2e

SYSTEMS = supported(load_catalog(ROOT))
RATE = 50
SECONDS = 2
BATCH = 8
KILLED = {
    "flink": "flink-taskmanager",
    "kafka-streams": "kafka-streams",
    "spark": "spark-worker",
    "ray": "ray-worker",
}
"""The container that holds a processor's scorers."""


def _name(system: System) -> str:
    return " ".join(system)


def _workload(system: System, batch: int) -> dict[str, Any]:
    return {
        "title": _name(system),
        "rate": RATE,
        "batch_size": batch,
        "processor": system.processor,
        "runtime": system.runtime,
        "tool": system.tool,
    }


def _killing(processor: str) -> dict[str, Any]:
    runtime = next(s.runtime for s in SYSTEMS if s.processor == processor and s.tool == "onnx")
    return {
        "title": f"{processor} killed",
        "rate": 200,
        "goal": "overload",
        "processor": processor,
        "runtime": runtime,
        "stop": {"seconds": 8},
        "faults": [{"at_seconds": 3, "service": KILLED[processor], "action": "kill", "seconds": 1}],
    }


@pytest.fixture(scope="module")
def matrix(start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One run for each cell, and one for each processor whose worker is killed; stacks are shared.

    Batches of many go through each tool once: what they change is in the tool.
    """
    workloads: list[dict[str, Any]] = []
    batched: set[tuple[str, str]] = set()
    for system in SYSTEMS:
        workloads.append(_workload(system, 1))
        if (system.runtime, system.tool) not in batched:
            batched.add((system.runtime, system.tool))
            workloads.append(_workload(system, BATCH))
    for processor in dict.fromkeys(system.processor for system in SYSTEMS):
        last = max(i for i, w in enumerate(workloads) if w["processor"] == processor)
        workloads.insert(last + 1, _killing(processor))
    experiment = {
        "name": "matrix",
        "question": "Does every supported cell answer every record with the right prediction?",
        "defaults": {"processor": "flink", "runtime": "python", "tool": "onnx", "model": "ffnn"},
        "profiles": {
            "laptop": {
                "repetitions": 1,
                "warmup": {"seconds": 1},
                "stop": {"seconds": SECONDS},
                "workloads": workloads,
            }
        },
    }
    path = tmp_path_factory.mktemp("matrix") / "matrix.yaml"
    path.write_text(yaml.safe_dump(experiment))
    return start(str(path)).finish(timeout_s=1500)


def _run(matrix: Finished, title: str, batch: int = 1) -> tuple[dict[str, Any], pl.DataFrame]:
    cells = [(r["spec"]["cell"]["title"], r["spec"]["cell"]["batch_size"]) for r in matrix.runs()]
    run = matrix.runs()[cells.index((title, batch))]
    path = matrix.folder / run["run_id"] / "records.parquet"
    assert path.exists(), run["verdict"]
    records = pl.read_parquet(path).filter(pl.col("segment") == "measured").sort("id")
    return run, records


@pytest.mark.timeout(1600)
@pytest.mark.parametrize("system", SYSTEMS, ids=_name)
def test_a_cell_answers_every_record_rightly(matrix: Finished, system: System) -> None:
    batches = {
        run["spec"]["cell"]["batch_size"]
        for run in matrix.runs()
        if run["spec"]["cell"]["title"] == _name(system)
    }
    assert 1 in batches
    for batch in batches:
        run, records = _run(matrix, _name(system), batch)
        assert records.height == records["id"].n_unique() == RATE * SECONDS, run["verdict"]
        assert set(records["status"]) == {"ok"}
        assert set(records["batch"]) == {batch}
        for before, after in pairwise(["intended_ns", "sent_ns", "received_ns", "scored_ns"]):
            assert (records[before] <= records[after]).all(), f"{before} > {after}"
        assert (records["scored_ns"] <= records["consumed_ns"]).all()
        if system.tool != "noop":
            assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
            correctness = run["correctness"]
            assert correctness["end_to_end_accuracy"] == correctness["offline_accuracy"]


@pytest.mark.timeout(1600)
@pytest.mark.parametrize("processor", list(dict.fromkeys(s.processor for s in SYSTEMS)))
def test_a_killed_worker_loses_no_record(matrix: Finished, processor: str) -> None:
    """At least once: what was under way when the worker died comes again, perhaps twice."""
    run, records = _run(matrix, f"{processor} killed")
    (fault,) = run["faults"]
    assert (fault["service"], fault["action"]) == (KILLED[processor], "kill")
    assert records.height == records["id"].n_unique() == 200 * 8, run["verdict"]
    assert set(records["status"]) == {"ok"}, run["verdict"]
    assert run["counts"]["lost"] == 0
    # The kill was felt: some record waited for as long as the worker was away.
    assert run["latency_ms"]["max"] > 1000 * 0.9


@pytest.mark.timeout(1600)
def test_it_leaves_nothing(matrix: Finished) -> None:
    assert left_behind() == []
    assert matrix.exit_code in {0, 5}, matrix.output
