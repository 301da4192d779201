"""A model server that was there before: nothing is started for it, and nothing of it is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import ROOT, docker, left_behind, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Started

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SERVER = "somebodys-triton"
PORT = 8001
SETTINGS = {
    "CRAYFISH_MODEL_NAME": "ffnn",
    "CRAYFISH_MODEL_PATH": "/models/ffnn/ffnn.onnx",
    "CRAYFISH_MODEL_INPUT": "28,28",
    "CRAYFISH_MODEL_OUTPUT": "10",
    "CRAYFISH_MODEL_INPUT_NAME": "points",
    "CRAYFISH_MODEL_OUTPUT_NAME": "predictions",
    "TOOL_INSTANCES": "1",
    "TOOL_THREADS": "1",
    "TOOL_BATCH_SIZE": "1",
    "TOOL_BATCH_DELAY_MS": "0",
}
RATE = 50
SECONDS = 2
TOOLS = ("oip", "triton")
"""Any server of the protocol, and one whose name is known: both by their address."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where containers of the experiment reach it: the engine's own bridge, which is the host."""
    gateway = docker(
        "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"
    )
    host = gateway.strip()
    docker("rm", "--force", SERVER, check=False)
    docker(
        *(
            "run",
            "--detach",
            "--name",
            SERVER,
            "--shm-size",
            "128m",
            "--publish",
            f"{host}::{PORT}",
        ),
        *("--volume", f"{ROOT / 'models'}:/models:ro", "--cpus", "1"),
        *(word for name, value in SETTINGS.items() for word in ("--env", f"{name}={value}")),
        "crayfish/triton",
    )
    published = docker("port", SERVER, str(PORT)).split()[0]
    yield published
    docker("rm", "--force", SERVER)


def test_it_is_called_and_left_alone(
    start: Callable[..., Started], tmp_path: Path, address: str
) -> None:
    workloads = [
        {
            "title": tool,
            "processor": "kafka-streams",
            "runtime": "jvm",
            "tool": tool,
            "call": "async:8",
            "rate": RATE,
        }
        for tool in TOOLS
    ]
    given = [word for tool in TOOLS for word in ("--server", f"{tool}={address}")]
    experiment = write_experiment(tmp_path, workloads, stop={"seconds": SECONDS})
    finished = start(experiment, *given).finish(timeout_s=300)
    for tool in TOOLS:
        (run,) = finished.titled(tool)
        records = finished.records(run["run_id"])
        assert records.height == records["id"].n_unique() == RATE * SECONDS, finished.output
        assert set(records["status"]) == {"ok"}, run["verdict"]
        assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
        assert run["spec"]["cell"]["server"] == address
        # What nobody measures here is not there, instead of being zero.
        assert "server" not in {part["role"] for part in run["components"]}
    assert left_behind() == []
    assert docker("inspect", SERVER, "--format", "{{.State.Running}}").strip() == "true"
