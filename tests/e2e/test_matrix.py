"""Every supported cell, end to end: ids, timestamps, predictions, batches of 1 and of many."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from .cells import (
    ENCRYPTED,
    KILLED,
    KILLED_RATE,
    KILLED_SECONDS,
    PROCESSORS,
    RATE,
    SECONDS,
    SYSTEMS,
    batches,
    system_name,
)
from .conftest import left_behind

if TYPE_CHECKING:
    from crayfish_ctl.catalog import System

    from .conftest import Finished

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1600)]


@pytest.mark.parametrize("system", SYSTEMS, ids=system_name)
def test_a_cell_answers_every_record_rightly(matrix: Finished, system: System) -> None:
    runs = matrix.titled(system_name(system))
    assert sorted(run["spec"]["cell"]["batch_size"] for run in runs) == batches(system)
    for run in runs:
        records = matrix.records(run["run_id"])
        assert records.height == records["id"].n_unique() == RATE * SECONDS, run["verdict"]
        assert set(records["status"]) == {"ok"}
        assert set(records["batch"]) == {run["spec"]["cell"]["batch_size"]}
        for before, after in pairwise(["intended_ns", "sent_ns", "received_ns", "scored_ns"]):
            assert (records[before] <= records[after]).all(), f"{before} > {after}"
        assert (records["scored_ns"] <= records["consumed_ns"]).all()
        if system.tool != "noop":
            assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
            correctness = run["correctness"]
            assert correctness["end_to_end_accuracy"] == correctness["offline_accuracy"]


@pytest.mark.parametrize("title", [f"{what} killed" for what in (*PROCESSORS, "ray apart")])
def test_a_killed_worker_loses_no_record(matrix: Finished, title: str) -> None:
    """At least once: what was under way when the worker died comes again, perhaps twice."""
    (run,) = matrix.titled(title)
    records = matrix.records(run["run_id"])
    (fault,) = run["faults"]
    assert (fault["service"], fault["action"]) == (KILLED[title.removesuffix(" killed")], "kill")
    expected = KILLED_RATE * KILLED_SECONDS
    assert records.height == records["id"].n_unique() == expected, run["verdict"]
    assert set(records["status"]) == {"ok"}, run["verdict"]
    assert run["counts"]["lost"] == 0
    # It was killed and came back. How long a record waited is the processor's own affair: the
    # other worker may take its work over at once.
    assert fault["ended_ns"] - fault["started_ns"] >= 1e9
    restarts = {part["name"]: part["restarts"] for part in run["components"] if part["restarts"]}
    assert restarts == {fault["service"]: 1}


@pytest.mark.parametrize("what", sorted(KILLED.keys() - {"ray"}))
def test_each_instance_has_its_own_limits_and_metrics(matrix: Finished, what: str) -> None:
    (run,) = matrix.titled(f"{what} killed")
    names = {KILLED[what], KILLED[what].removesuffix("-2")}
    parts = {part["name"]: part for part in run["components"] if part["name"] in names}
    assert set(parts) == names
    assert all(part["cpu_seconds"] > 0.5 for part in parts.values()), parts
    logs = matrix.folder / run["run_id"] / "logs"
    assert all((logs / f"{name}.log").stat().st_size > 0 for name in parts)


def test_records_travel_over_tls_beside_others_in_the_clear(matrix: Finished) -> None:
    (run,) = matrix.titled(ENCRYPTED)
    records = matrix.records(run["run_id"])
    assert records.height == records["id"].n_unique() == RATE * SECONDS, run["verdict"]
    assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
    assert run["spec"]["cell"]["kafka_protocol"] == "SSL"
    # At this port the broker understands nothing else.
    kafka = json.loads((matrix.folder / run["run_id"] / "run-config.json").read_text())["kafka"]
    assert (kafka["bootstrap"], kafka["tls"]) == ("kafka:9094", "/crayfish/kafka/ca.pem")


def test_the_brokers_key_is_in_no_file_of_the_results(matrix: Finished) -> None:
    files = [path for path in matrix.folder.parent.rglob("*") if path.is_file()]
    assert any(b"BEGIN CERTIFICATE" in path.read_bytes() for path in files)
    assert [path for path in files if b"PRIVATE KEY" in path.read_bytes()] == []
    assert list(matrix.folder.parent.glob(".*.credentials")) == []


def test_it_leaves_nothing(matrix: Finished) -> None:
    assert left_behind() == []
    assert matrix.exit_code in {0, 5}, matrix.output
