"""A model that came as a file: run as it is, every prediction held against what the file says."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from crayfish_ctl.models import describe, read_model_file, store

from .conftest import CRAYFISH, ROOT, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e

VECTORS = ROOT / "tests/contract/vectors"


@pytest.mark.timeout(400)
def test_a_file_is_run_without_any_config(start: Callable[..., Started], tmp_path: Path) -> None:
    mine = write_experiment(tmp_path, [{"rate": 100}], stop={"seconds": 3})
    path = str(VECTORS / "one-point.onnx")
    finished = start(mine, "--sp", "kafka-streams", "--model", path).finish()
    assert "one-point has no points of its own: random:1000" in finished.output
    assert "predictions of one-point are compared" in finished.output
    (run,) = finished.runs()
    assert run["counts"]["ok"] == 300, finished.output
    assert run["correctness"]["checked"] == 300
    assert run["correctness"]["max_deviation"] == 0


@pytest.mark.timeout(400)
def test_the_named_output_is_scored_in_both_runtimes(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    """The file's outputs have one shape, and the second is the first with another sign."""
    facts = read_model_file(VECTORS / "two-answers.onnx")
    beside = tmp_path / "beside"
    store(facts, describe(facts, "two", output="answer"), beside)
    mine = write_experiment(tmp_path, [{"rate": 100}], stop={"seconds": 3})
    systems = ("--sp", "kafka-streams,ray", "--with", str(beside), "--model", "two")
    finished = start(mine, *systems).finish(timeout_s=360)
    points = np.load(finished.folder / "points/points.npy")
    assert np.array_equal(np.load(finished.folder / "points/reference.npy"), points)
    runs = finished.runs()
    assert {run["spec"]["cell"]["runtime"] for run in runs} == {"jvm", "python"}, finished.output
    assert [run["correctness"]["max_deviation"] for run in runs] == [0, 0]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("original", ["ffnn.h5", "savedmodel"])
def test_what_is_converted_answers_as_the_original(original: str, tmp_path: Path) -> None:
    out = tmp_path / "made.onnx"
    path = str(ROOT / "models/ffnn" / original)
    command = [str(CRAYFISH), "models", "convert", path, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (share,) = re.findall(r"differs from \S+ \S+ by at most (\S+) of the largest", done.stdout)
    assert float(share) <= 1e-4
    (point,), (prediction,) = read_model_file(out).inputs, read_model_file(out).outputs
    assert (point.name, point.batch, point.point) == ("points", None, (28, 28))
    assert (prediction.name, prediction.batch) == ("predictions", None)


LARGE_RATE = 4
LARGE_SECONDS = 4
POINTS = 8
"""Of ResNet50's size: a record of 4.8 MB."""
THROUGH = (
    ("flink", "python"),
    ("kafka-streams", "jvm"),
    ("spark", "jvm"),
    ("ray", "python"),
)
"""Each processor once: the other runtime holds a record in the same places."""


@pytest.mark.timeout(500)
def test_records_of_megabytes_go_through_every_processor(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    workloads = [
        {"processor": processor, "runtime": runtime, "rate": LARGE_RATE, "batch_size": POINTS}
        for processor, runtime in THROUGH
    ]
    experiment = write_experiment(tmp_path, workloads, stop={"seconds": LARGE_SECONDS})
    finished = start(experiment, "--model", str(VECTORS / "large-point.onnx")).finish(timeout_s=460)
    runs = finished.runs()
    systems = {(run["spec"]["cell"]["processor"], run["spec"]["cell"]["runtime"]) for run in runs}
    assert systems == set(THROUGH), finished.output
    for run in runs:
        assert run["counts"]["ok"] == LARGE_RATE * LARGE_SECONDS, run["verdict"]
        assert run["counts"]["points"] == LARGE_RATE * LARGE_SECONDS * POINTS
        assert run["correctness"]["checked"] == LARGE_RATE * LARGE_SECONDS
        assert run["correctness"]["max_deviation"] <= 1e-5
