"""The tensors that the model's config names, and as many points a call as the file takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crayfish_contract.runconfig import ModelConfig
from crayfish_scoring import ScorerError
from crayfish_scoring.onnx import create

VECTORS = Path(__file__).parents[2] / "contract" / "vectors"
POINTS = np.array([[1, 2], [3, 4]], np.float32)


def model(
    file: str, given: str | None = None, answered: str | None = None, batch: int | None = 1
) -> ModelConfig:
    return ModelConfig(
        name="m", format="onnx", path=str(VECTORS / file), input_shape=(2,), output_shape=(2,),
        input_name=given, output_name=answered, batch=batch,
    )  # fmt: skip


@pytest.mark.parametrize(("output", "sign"), [("answer", 1), ("other", -1)])
def test_the_named_output_is_scored(output: str, sign: int) -> None:
    scorer = create(model("two-answers.onnx", "points", output), {}, None)
    scorer.load()
    assert scorer.tensors == ("points", output)
    assert scorer.score(POINTS).tolist() == (sign * POINTS).tolist()


@pytest.mark.parametrize(
    ("given", "answered", "said"),
    [
        ("points", "none", r"no output 'none'; it has other tensor\(float\)\['n', 2\], answer "),
        ("x", "answer", r"no input 'x'; it has points tensor\(float\)\['n', 2\]"),
        (
            None,
            None,
            r"has 2 outputs \(other .*, answer .*\): name .* formats\.onnx\.output",
        ),
    ],
)
def test_a_name_that_is_not_there_is_an_error_with_those_there_are(
    given: str | None, answered: str | None, said: str
) -> None:
    with pytest.raises(ScorerError, match=rf"two-answers\.onnx: .*{said}"):
        create(model("two-answers.onnx", given, answered), {}, None).load()


def test_a_fixed_batch_takes_that_many_points() -> None:
    for batch in (1, None):
        scorer = create(model("one-point.onnx", batch=batch), {}, None)
        scorer.load()
        assert scorer.score(POINTS[:1]).tolist() == [[1, 2]]
    said = r"one-point\.onnx: takes 1 point per call \(dimension 0 of points is 1\), .* sends 8: "
    with pytest.raises(ScorerError, match=said):
        create(model("one-point.onnx", batch=8), {}, None).load()
