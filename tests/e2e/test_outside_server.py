"""A model server that was there before: nothing is started for it, and nothing of it is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from .conftest import ROOT, docker, host_address, left_behind, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Finished, Started

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PORT = 8001
RIGHT, WRONG = "somebodys-triton", "somebodys-wrong-triton"
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
TOOLS = {"oip": RIGHT, "triton": WRONG}
"""Any server of the protocol, and one whose name is known: both by their address."""


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where containers of the experiment reach them."""
    folders = {RIGHT: ROOT / "models", WRONG: other_weights(tmp_path_factory.mktemp("wrong"))}
    try:
        for name, models in folders.items():
            docker("rm", "--force", name, check=False)
            docker(
                *("run", "--detach", "--name", name, "--cpus", "1", "--shm-size", "128m"),
                *("--publish", f"{host_address()}::{PORT}", "--volume", f"{models}:/models:ro"),
                *(word for given in SETTINGS.items() for word in ("--env", "=".join(given))),
                "crayfish/triton",
            )
        yield {name: docker("port", name, str(PORT)).split()[0] for name in folders}
    finally:
        docker("rm", "--force", *folders)


def other_weights(folder: Path) -> Path:
    """The model under its own name, in its own shape, whose every answer is NaN: so is its last
    bias, the one tensor of ten float32 (after its name, raw_data of onnx.proto: field 9)."""
    raw_data = b":0\x4a\x28"
    content = (ROOT / "models/ffnn/ffnn.onnx").read_bytes()
    assert content.count(raw_data) == 1
    before, _, after = content.partition(raw_data)
    nothing = np.full(10, np.nan, "<f4").tobytes()
    (folder / "ffnn").mkdir()
    (folder / "ffnn/ffnn.onnx").write_bytes(before + raw_data + nothing + after[len(nothing) :])
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def finished(
    start: Callable[..., Started],
    tmp_path_factory: pytest.TempPathFactory,
    addresses: dict[str, str],
) -> Finished:
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
    given = [
        word for tool, name in TOOLS.items() for word in ("--server", f"{tool}={addresses[name]}")
    ]
    folder = tmp_path_factory.mktemp("outside")
    experiment = write_experiment(folder, workloads, stop={"seconds": SECONDS})
    return start(experiment, *given).finish(timeout_s=300)


def test_it_is_called_and_left_alone(finished: Finished, addresses: dict[str, str]) -> None:
    (run,) = finished.titled("oip")
    records = finished.records(run["run_id"])
    assert records.height == records["id"].n_unique() == RATE * SECONDS, finished.output
    assert set(records["status"]) == {"ok"}, run["verdict"]
    assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
    assert run["spec"]["cell"]["server"] == addresses[RIGHT]
    # What nobody measures here is not there, instead of being zero.
    assert "server" not in {part["role"] for part in run["components"]}
    assert left_behind() == []
    for name in TOOLS.values():
        assert docker("inspect", name, "--format", "{{.State.Running}}").strip() == "true"


def test_one_that_answers_wrongly_loses_nothing_and_is_found_out(finished: Finished) -> None:
    (run,) = finished.titled("triton")
    records = finished.records(run["run_id"])
    assert records.height == records["id"].n_unique() == RATE * SECONDS, finished.output
    assert set(records["status"]) == {"ok"}, run["verdict"]
    assert run["verdict"]["state"] == "INVALID"
    assert "WRONG_OUTPUTS" in {reason["code"] for reason in run["verdict"]["reasons"]}
    assert run["correctness"]["beyond_tolerance"] == RATE * SECONDS
