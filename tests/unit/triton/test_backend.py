"""What Triton's Python backend runs, without Triton."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.unit.serving.test_settings import ENVIRONMENT

FOLDER = Path(__file__).parents[3] / "models" / "ffnn"
POINTS = np.load(FOLDER / "test-points.npz")["points"]
REFERENCE = np.load(FOLDER / "reference.npy")


class Tensor(NamedTuple):
    name: str
    array: Any

    def as_numpy(self) -> Any:
        return self.array


class Answer(NamedTuple):
    output_tensors: tuple[Tensor, ...] = ()
    error: str | None = None


UTILITIES = SimpleNamespace(
    Tensor=Tensor,
    InferenceResponse=Answer,
    TritonError=str,
    get_input_tensor_by_name=lambda request, name: Tensor(name, request[name]),
)
CONFIG = {"input": [{"name": "points"}], "output": [{"name": "predictions"}]}


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", UTILITIES)
    monkeypatch.delitem(sys.modules, "crayfish_triton.backend", raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return import_module("crayfish_triton.backend")


def started(model: Any) -> Any:
    model.initialize({"model_config": json.dumps(CONFIG)})
    return model


@pytest.mark.parametrize("parts", [[1], [3, 1, 2]])
def test_each_request_gets_its_own_predictions(backend: Any, parts: list[int]) -> None:
    model = started(backend.OnnxModel())
    ends = np.cumsum(parts)
    requests = [{"points": POINTS[e - n : e]} for e, n in zip(ends, parts, strict=True)]
    for answer, end, n in zip(model.execute(requests), ends, parts, strict=True):
        (tensor,) = answer.output_tensors
        assert tensor.name == "predictions"
        assert np.abs(tensor.array - REFERENCE[end - n : end]).max() <= 1e-5


def test_noop_answers_zeros(backend: Any) -> None:
    (answer,) = started(backend.NoopModel()).execute([{"points": POINTS[:2]}])
    assert answer.output_tensors[0].array.tolist() == [[0.0] * 10] * 2


def test_what_fails_is_said_to_each(backend: Any) -> None:
    wrong = {"points": np.zeros((1, 2, 2), np.float32)}
    answers = started(backend.OnnxModel()).execute([wrong, wrong])
    assert [bool(answer.error) for answer in answers] == [True, True]
