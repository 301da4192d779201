"""Real model servers, called by every processor: ids, predictions, order; one of them dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import left_behind, reasons_of_its_own, write_experiment
from .served import (
    IN_EACH,
    KILL_RATE,
    KILL_SECONDS,
    KILLERS,
    ONCE,
    RATE,
    SECONDS,
    SERVERS,
    STILL,
    name_of,
    workloads,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Finished, Started

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1600)]
CELLS = [
    *(
        (processor, runtime, server, call)
        for server in SERVERS
        for processor, runtime, call in IN_EACH
    ),
    *ONCE,
]


@pytest.fixture(scope="module")
def served(start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("servers")
    warmup = {"seconds": 1, "settle_seconds": 0}
    experiment = write_experiment(folder, workloads(), warmup=warmup, stop={"seconds": SECONDS})
    return start(experiment).finish(timeout_s=1500)


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_every_record_comes_back_rightly(served: Finished, cell: tuple[str, ...]) -> None:
    (run,) = served.titled(name_of(*cell))
    records = served.records(run["run_id"])
    assert records.height == records["id"].n_unique() == RATE * SECONDS, run["verdict"]
    assert set(records["status"]) == {"ok"}, run["verdict"]
    assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
    correctness = run["correctness"]
    assert correctness["end_to_end_accuracy"] == correctness["offline_accuracy"]
    assert run["counts"]["duplicates"] == 0
    roles = {part["role"] for part in run["components"]}
    embedded = cell[2] == "onnx"
    assert ("server" in roles) is not embedded
    if not embedded:
        (server,) = (part for part in run["components"] if part["role"] == "server")
        assert server["cpu_seconds"] > 0


@pytest.mark.parametrize("processor", KILLERS)
def test_a_server_that_dies_fails_calls_and_loses_no_record(
    served: Finished, processor: str
) -> None:
    (run,) = served.titled(name_of(processor, "without its server"))
    records = served.records(run["run_id"])
    assert records.height == records["id"].n_unique() == KILL_RATE * KILL_SECONDS, run["verdict"]
    assert set(records["status"]) == {"ok", "failed"}, run["verdict"]
    assert run["counts"]["lost"] == 0
    failed = records.filter(records["status"] == "failed")
    # Nobody else has failed than those whose call found no server.
    assert set(failed["reason"]) <= {"unavailable", "deadline"}
    calls = run["counts"]["failed_calls"]
    assert calls["unavailable"] + calls["deadline"] == run["counts"]["failed"]
    # It went on when the server was back: the last second is whole.
    last = records.sort("intended_ns").tail(KILL_RATE // 2)
    assert set(last["status"]) == {"ok"}


def test_a_worker_that_dies_fails_calls_until_its_server_has_another(served: Finished) -> None:
    (run,) = served.titled(name_of(STILL, "without its worker"))
    records = served.records(run["run_id"])
    assert records.height == records["id"].n_unique() == KILL_RATE * KILL_SECONDS, run["verdict"]
    assert run["counts"]["lost"] == 0
    (fault,) = run["faults"]
    assert fault["action"] == "kill-process"
    assert fault["failed"] == run["counts"]["failed"] > 0
    failed = records.filter(records["status"] == "failed")
    assert set(failed["reason"]) <= {"unavailable", "deadline", "exhausted"}
    assert 0 < fault["recovered_s"] < KILL_SECONDS - 2
    assert {part["restarts"] for part in run["components"]} == {0}


def test_a_server_that_does_not_answer_costs_its_calls_their_deadline(served: Finished) -> None:
    (run,) = served.titled(name_of(STILL, "server stands still"))
    records = served.records(run["run_id"])
    assert records.height == records["id"].n_unique() == KILL_RATE * KILL_SECONDS, run["verdict"]
    failed = records.filter(records["status"] == "failed")
    assert set(failed["reason"]) == {"deadline"}
    # Whoever waits for longer than the deadline has failed, and nobody waits much longer.
    (fault,) = run["faults"]
    assert fault["failed"] == failed.height > 0
    assert set(records.sort("intended_ns").tail(KILL_RATE // 2)["status"]) == {"ok"}


def test_order_is_kept_where_it_is_asked_for(served: Finished) -> None:
    (run,) = served.titled(name_of("flink", "jvm", "torchserve", "async:8:ordered"))
    records = served.records(run["run_id"]).sort("id")
    assert records["out_append_ms"].is_sorted()
    assert records["consumed_ns"].is_sorted()


def test_replicas_share_the_calls(served: Finished) -> None:
    (run,) = served.titled("two replicas")
    used = {p["name"]: p["cpu_seconds"] for p in run["components"] if p["role"] == "server"}
    assert set(used) == {"triton", "triton-2"}
    assert min(used.values()) > 0.2 * max(used.values())


def test_the_bare_client_keeps_its_calls_under_way(served: Finished) -> None:
    (run,) = served.titled("bare client")
    assert run["calls"]["allowed"] == 8
    assert run["calls"]["under_way"] == pytest.approx(8, rel=0.05)
    assert not reasons_of_its_own(run), run["verdict"]


def test_it_leaves_nothing(served: Finished) -> None:
    assert left_behind() == []
    assert served.exit_code in {0, 5}, served.output
