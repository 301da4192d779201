"""Models of other types than float32 give in a stream what their files say, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from crayfish_ctl.models import describe, read_model_file, store
from tests.contract.make_vectors import ONNX_TYPES, cast_model

from .conftest import ROOT, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .conftest import Finished, Started

pytestmark = pytest.mark.e2e

WHOLE = (("kafka-streams", "jvm"), ("flink", "python"))
SAVED = (("kafka-streams", "jvm"),)
MOVED = (("kafka-streams", "jvm"), ("ray", "python"))


def experiment(folder: Path, systems: Sequence[tuple[str, str]]) -> str:
    workloads = [
        {"processor": processor, "runtime": runtime, "rate": 100} for processor, runtime in systems
    ]
    return write_experiment(folder, workloads, stop={"seconds": 3})


@pytest.mark.timeout(400)
def test_bytes_become_whole_numbers(start: Callable[..., Started], tmp_path: Path) -> None:
    """uint8 to int64: every prediction is the point, and equal to the reference."""
    path = tmp_path / "bytes.onnx"
    path.write_bytes(cast_model(ONNX_TYPES["uint8"], ONNX_TYPES["int64"]))
    finished = start(experiment(tmp_path, WHOLE), "--model", str(path)).finish(timeout_s=360)
    points = np.load(finished.folder / "points/points.npy")
    reference = np.load(finished.folder / "points/reference.npy")
    assert (points.dtype, reference.dtype) == (np.uint8, np.int64)
    assert np.array_equal(points, reference)
    assert points.max() > 127
    check(finished, WHOLE)


@pytest.mark.timeout(400)
def test_a_further_input_is_constant(start: Callable[..., Started], tmp_path: Path) -> None:
    """int32 to float32: (point + offset) * scale, whose two inputs are in no record."""
    beside = tmp_path / "beside"
    facts = read_model_file(ROOT / "tests/contract/vectors/adds-constant.onnx")
    config = {
        "name": "moved",
        "description": "Adds a constant.",
        "input": {"shape": [2], "dtype": "int32"},
        "output": {"shape": [2], "dtype": "float32"},
        "tolerance": 1e-6,
        "formats": {
            "onnx": {
                "path": "models/moved/adds-constant.onnx",
                "input": "points",
                "output": "answer",
                "constants": {"offset": [[1000, -1000]], "scale": 0.25},
            }
        },
    }
    written = store(facts, config, beside)
    assert yaml.safe_load(written.read_text())["formats"]["onnx"]["constants"]["scale"] == 0.25
    arguments = ("--with", str(beside), "--model", "moved")
    finished = start(experiment(tmp_path, MOVED), *arguments).finish(timeout_s=360)
    points = np.load(finished.folder / "points/points.npy")
    reference = np.load(finished.folder / "points/reference.npy")
    assert np.array_equal(reference, (points + np.array([1000, -1000])) * 0.25)
    check(finished, MOVED)


@pytest.mark.timeout(400)
def test_a_savedmodel_takes_bytes(start: Callable[..., Started], tmp_path: Path) -> None:
    """uint8 to int64 by TensorFlow, in a library: every prediction is its point, one by one."""
    beside = tmp_path / "beside"
    name = "casts-uint8"
    config = describe(read_model_file(ROOT / "tests/contract/vectors" / name), name)
    store(read_model_file(ROOT / "tests/contract/vectors" / name), config, beside)
    points = np.random.default_rng(1).integers(0, 256, (60, 2)).astype(np.uint8)
    np.savez(beside / "models" / name / "points.npz", points=points)
    np.save(beside / "models" / name / "reference.npy", points.astype(np.int64))
    config |= {
        "points": {"path": f"models/{name}/points.npz"},
        "reference": {"path": f"models/{name}/reference.npy"},
    }
    (beside / f"configs/models/{name}.yaml").write_text(yaml.safe_dump(config))
    arguments = ("--with", str(beside), "--model", name, "--tool", "tf-savedmodel")
    finished = start(experiment(tmp_path, SAVED), *arguments).finish(timeout_s=360)
    check(finished, SAVED)


def check(finished: Finished, systems: Sequence[tuple[str, str]]) -> None:
    """Every record of every system came back with the reference's prediction."""
    runs = finished.runs()
    cells = [run["spec"]["cell"] for run in runs]
    assert sorted((cell["processor"], cell["runtime"]) for cell in cells) == sorted(systems)
    for run in runs:
        assert run["counts"]["ok"] == 300, finished.output
        assert run["correctness"]["checked"] == 300
        assert run["correctness"]["max_deviation"] == 0
