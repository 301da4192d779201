"""A Kafka that was there before, reached over TLS with a password: used, and left as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from .conftest import docker, host_address, left_behind, write_experiment
from .outside_kafka import PASSWORD, SOMEBODYS_TOPIC, USER, start_broker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Finished, Started
    from .outside_kafka import OutsideBroker

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
NAME = "somebodys-kafka"
RATE = 50
SECONDS = 2
SYSTEMS = {"kafka-streams": "jvm", "flink": "python", "spark": "jvm", "ray": "python"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutsideBroker]:
    """It runs where containers of the experiment reach it."""
    try:
        yield start_broker(NAME, host_address(), tmp_path_factory.mktemp("kafka"))
    finally:
        docker("rm", "--force", NAME)


def flags(broker: OutsideBroker, folder: Path, password: str) -> list[str]:
    """How a user names it."""
    login = folder / "login.yaml"
    said = {"mechanism": "SCRAM-SHA-512", "username": USER, "password": password}
    login.write_text(yaml.safe_dump(said))
    login.chmod(0o600)
    return [
        *("--kafka", broker.address, "--kafka-tls", str(broker.ca)),
        *("--kafka-sasl", str(login)),
    ]


def workloads(*systems: str) -> list[dict[str, object]]:
    return [
        {"title": each, "processor": each, "runtime": SYSTEMS[each], "tool": "onnx", "rate": RATE}
        for each in systems
    ]


@pytest.fixture(scope="module")
def finished(
    start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory, broker: OutsideBroker
) -> Finished:
    folder = tmp_path_factory.mktemp("outside")
    experiment = write_experiment(folder, workloads(*SYSTEMS), stop={"seconds": SECONDS})
    return start(experiment, *flags(broker, folder, PASSWORD)).finish(timeout_s=600)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_processor_reads_and_writes_there(
    finished: Finished, broker: OutsideBroker, system: str
) -> None:
    (run,) = finished.titled(system)
    assert run["verdict"]["state"] != "FAILED", finished.output
    records = finished.records(run["run_id"])
    assert records["id"].to_list() == list(range(records["id"][0], records["id"][0] + len(records)))
    assert records.height == RATE * SECONDS
    assert set(records["status"]) == {"ok"}
    assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
    cell = run["spec"]["cell"]
    assert (cell["kafka"], cell["kafka_protocol"]) == (broker.address, "SASL_SSL")


def test_no_broker_is_started_and_what_nobody_measures_is_not_there(finished: Finished) -> None:
    for run in finished.runs():
        stack = yaml.safe_load((finished.folder / run["run_id"] / "compose.yaml").read_text())
        assert "kafka" not in stack["services"]
        assert "broker" not in {part["role"] for part in run["components"]}
    assert (
        "crayfish/kafka:latest"
        not in json.loads((finished.folder / "manifest.json").read_text())["images"]
    )


def test_the_password_is_in_no_file_of_the_results(finished: Finished) -> None:
    files = [path for path in finished.folder.parent.rglob("*") if path.is_file()]
    assert len(files) > len(SYSTEMS)
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []
    assert list(finished.folder.parent.glob(".*.credentials")) == []


def test_only_what_was_there_before_is_left(finished: Finished, broker: OutsideBroker) -> None:
    assert broker.topics() == {SOMEBODYS_TOPIC}, finished.output
    assert left_behind() == []
    assert docker("inspect", NAME, "--format", "{{.State.Running}}").strip() == "true"


def test_a_wrong_password_ends_a_run_with_its_reason(
    start: Callable[..., Started], tmp_path: Path, broker: OutsideBroker
) -> None:
    experiment = write_experiment(tmp_path, workloads("kafka-streams"), stop={"seconds": SECONDS})
    done = start(experiment, *flags(broker, tmp_path, "not-the-password")).finish(timeout_s=300)
    assert done.exit_code == 4, done.output
    run, *_ = done.runs()
    assert run["verdict"]["state"] == "FAILED"
    said = json.dumps(run["verdict"])
    assert "Authentication failed" in said
    assert broker.address in said
    assert f"may be left in {broker.address}" in done.output
    assert "not-the-password" not in said
    assert left_behind() == []
