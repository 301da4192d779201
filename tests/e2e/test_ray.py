"""Ray in real containers: nothing is lost when a worker dies; every tool answers like the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import left_behind, own_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Finished, Started

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def ray(start: Callable[..., Started]) -> Finished:
    """The experiment of ray.yaml, run once."""
    return start(str(Path(__file__).with_name("ray.yaml"))).finish(timeout_s=600)


@pytest.mark.parametrize("part", ["01-ray", "02-ray"], ids=["chained", "apart"])
def test_a_killed_worker_loses_no_record(ray: Finished, part: str) -> None:
    run = ray.run(part)
    assert [fault["service"] for fault in run["faults"]] == ["ray-worker"], ray.output
    records = ray.records(part)
    first = records["id"][0]  # warm-up records have ids too
    assert records["id"].to_list() == list(range(first, first + 2400))
    assert set(records["status"]) == {"ok"}
    # It was away for more than a second, and came back long before the run's own limits.
    waited_s = ((records["consumed_ns"] - records["intended_ns"]) / 1e9).to_numpy()
    assert 1.0 < waited_s.max() < 15.0


@pytest.mark.parametrize(
    ("part", "records"), [("01-ray", 2400), ("02-ray", 2400), ("03-ray", 200), ("04-ray", 100000)]
)
def test_every_record_is_scored_as_the_model_says(ray: Finished, part: str, records: int) -> None:
    run = ray.run(part)
    assert run["verdict"]["state"] == "VALID", run["verdict"]
    assert run["counts"]["ok"] == records
    assert run["counts"]["lost"] == run["counts"]["failed"] == 0
    assert run["correctness"]["checked"] == records
    assert run["correctness"]["max_deviation"] <= 1e-5


def test_its_own_counter_agrees_with_what_was_measured(ray: Finished) -> None:
    """Over the middle of the drain, so roughly."""
    run = ray.run("04-ray")["throughput"]
    assert run["processor_records_per_s"] == pytest.approx(
        run["capacity"]["records_per_s"], rel=0.5
    )


def test_the_scorer_alone_runs_in_its_image(ray: Finished) -> None:
    run = ray.run("05-raw")
    assert run["verdict"]["state"] == "VALID", run["verdict"]
    assert run["correctness"]["max_deviation"] <= 1e-5


def test_every_line_of_every_log_is_json(ray: Finished) -> None:
    logs = sorted(ray.folder.glob("*/logs/ray-*.log"))
    assert {log.name for log in logs} == {"ray-driver.log", "ray-head.log", "ray-worker.log"}
    for log in logs:
        for line in log.read_text().splitlines():
            assert json.loads(line)["component"].startswith("ray-"), (log, line)


def test_a_broken_model_is_named(start: Callable[..., Started], tmp_path: Path) -> None:
    """Without a digest in its config only the tool can tell that a model is broken."""
    root = own_root(tmp_path)
    (root / "models" / "ffnn" / "ffnn.onnx").write_bytes(b"not a model")

    finished = start(
        "input-rate", "--sp", "ray", "--reps", "1", "--warmup", "2",
        "--rate", "100", "--seconds", "3", root=root,
    ).finish()  # fmt: skip
    failure = finished.run("onnx-100-r1")["verdict"]["failure"]
    assert failure["component"] == "ray-driver"
    assert "exit code 2" in failure["message"]
    assert "/models/ffnn/ffnn.onnx" in "".join(failure["log_tail"])
    assert finished.exit_code == 4
    assert left_behind() == []
