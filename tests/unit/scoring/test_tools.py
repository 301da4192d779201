"""The embedded tools that need no more than this environment."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from crayfish_contract.runconfig import ModelConfig
from crayfish_scoring import ScorerError, create_scorer
from crayfish_scoring.base import check_output

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "models" / "ffnn"


def model(path: Path = FOLDER / "ffnn.onnx", outputs: int = 10) -> ModelConfig:
    return ModelConfig(
        name="ffnn", format="onnx", path=str(path), input_shape=(28, 28), output_shape=(outputs,)
    )


@pytest.mark.parametrize("batch", [1, 32])
def test_onnx_agrees_with_the_reference(batch: int) -> None:
    points = np.load(FOLDER / "test-points.npz")["points"][:batch]
    reference = np.load(FOLDER / "reference.npy")[:batch]
    scorer = create_scorer("onnx", model())
    scorer.load()
    assert np.abs(scorer.score(points) - reference).max() <= 1e-5
    scorer.close()


def test_a_broken_model_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ScorerError, match=str(broken)):
        create_scorer("onnx", model(broken)).load()


def test_a_model_of_another_shape_is_refused() -> None:
    with pytest.raises(ScorerError, match=r"output\.shape"):
        create_scorer("onnx", model(outputs=3)).load()


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32"])
def test_a_model_of_another_dtype_is_refused(dtype: str) -> None:
    path = ROOT / "tests" / "contract" / "vectors" / f"answers-{dtype}.onnx"
    wanted = ModelConfig(
        name="cast", format="onnx", path=str(path), input_shape=(2,), output_shape=(2,)
    )
    said = (
        rf"answers-{dtype}\.onnx: tensor answer: predictions are {dtype}, .*: "
        rf"write output\.dtype: {dtype} there"
    )
    with pytest.raises(ScorerError, match=said):
        create_scorer("onnx", wanted).load()


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(ScorerError, match=r"ffnn\.onnx: tensor x: a list, and no array"):
        check_output(model(), "x", [{0: 0.5}])


def test_noop_takes_its_service_time() -> None:
    scorer = create_scorer("noop", model(), {"service_time_ms": 5})
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        output = scorer.score(np.ones((3, 28, 28), dtype=np.float32))
        taken.append(1000 * (time.perf_counter() - started))
    assert output.shape == (3, 10)
    assert not output.any()
    assert min(taken) >= 5.0
    assert float(np.median(taken)) < 5.5


@pytest.mark.parametrize(
    ("tool", "options", "named"),
    [
        ("onnx", {"thread": 2}, "thread"),
        ("onnx", {"threads": 0}, "threads"),
        ("noop", {"service_time_ms": -1}, "service_time_ms"),
        ("none", {}, "none"),
        ("../onnx", {}, "onnx"),
    ],
)
def test_what_a_tool_does_not_know_is_refused(
    tool: str, options: dict[str, int], named: str
) -> None:
    with pytest.raises(ScorerError, match=named):
        create_scorer(tool, model(), options)
