"""The documentation's worked example, run as its reader would: from a root beside the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.example import write_example

from .conftest import ROOT, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Finished, Started

pytestmark = pytest.mark.e2e

RATE, SECONDS = 200, 3
SYSTEMS = ("quix python numpy-layers", "flink python numpy-layers")


@pytest.fixture(scope="module")
def beside(start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A processor, a tool: theirs and ours in one table. Builds the example's image."""
    folder = tmp_path_factory.mktemp("example")
    root = write_example(folder / "my-root")
    workloads = [
        {"title": system, "rate": RATE, "processor": name, "runtime": runtime, "tool": tool}
        for system in SYSTEMS
        for name, runtime, tool in [system.split()]
    ]
    mine = write_experiment(folder, workloads, stop={"seconds": SECONDS})
    return start(mine, "--with", str(root), setup=True).finish(timeout_s=600)


@pytest.mark.timeout(660)
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_theirs_runs_beside_what_is_ours(beside: Finished, system: str) -> None:
    (run,) = beside.titled(system)
    assert run["verdict"]["state"] != "FAILED", beside.output
    records = beside.records(run["run_id"])
    assert records.height == records["id"].n_unique() == RATE * SECONDS, beside.output
    assert set(records["status"]) == {"ok"}
    assert run["correctness"]["checked"] == RATE * SECONDS
    assert run["correctness"]["beyond_tolerance"] == 0
    assert run["correctness"]["end_to_end_accuracy"] == run["correctness"]["offline_accuracy"]


@pytest.mark.timeout(660)
def test_an_outsiders_service_is_the_processor_and_is_charged(beside: Finished) -> None:
    run = beside.run("quix-python-numpy-layers")
    (worker,) = [part for part in run["components"] if part["role"] == "processor"]
    assert worker["name"] == "quix"
    assert worker["cpu_limit_cores"] == 1.0
    assert worker["cpu_seconds"] > 0
    assert run["efficiency"]["records_per_cpu_second"] > 0


@pytest.mark.timeout(660)
def test_the_manifest_pins_both_roots(beside: Finished) -> None:
    import json  # noqa: PLC0415

    roots = json.loads((beside.folder / "manifest.json").read_text())["roots"]
    assert next(root["path"] for root in roots) == str(ROOT)
    assert len({root["digest"] for root in roots}) == 2


@pytest.mark.timeout(240)
def test_their_model_runs_with_their_tool(
    start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = write_example(tmp_path_factory.mktemp("their-model") / "my-root")
    finished = start(
        "input-rate", "--with", str(root), "--sp", "quix", "--tool", "numpy-layers",
        "--model", "one-layer", "--rate", str(RATE), "--seconds", str(SECONDS), "--reps", "1",
        "--warmup", "2",
    ).finish(timeout_s=200)  # fmt: skip
    (run,) = finished.runs()
    assert run["verdict"]["state"] != "FAILED", finished.output
    assert run["counts"]["ok"] == RATE * SECONDS
    assert run["correctness"]["checked"] == RATE * SECONDS
    assert run["correctness"]["beyond_tolerance"] == 0
