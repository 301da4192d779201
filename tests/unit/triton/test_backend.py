"""What Triton's Python backend runs, without Triton."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

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


class Family:
    """In the place of Triton's metrics: a counter is one by its labels, whoever made it."""

    COUNTER = "counter"
    counters: ClassVar[dict[tuple[str, ...], int]] = {}

    def __init__(self, name: str, description: str, kind: str) -> None:
        assert kind == self.COUNTER
        assert description
        self._name = name

    def Metric(self, labels: dict[str, str]) -> Any:  # noqa: N802  Triton's
        key = (self._name, *labels.values())
        self.counters.setdefault(key, 0)

        def increment(grown: int) -> None:
            self.counters[key] += grown

        return SimpleNamespace(increment=increment)


UTILITIES = SimpleNamespace(
    MetricFamily=Family,
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
    model.initialize({"model_config": json.dumps(CONFIG), "model_name": "ffnn"})
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


def test_executions_are_counted_by_size_where_requests_are_put_together(
    backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Family, "counters", {})
    monkeypatch.setenv("TOOL_BATCH_SIZE", "4")
    model = started(backend.OnnxModel())
    for size in (1, 3, 3):
        model.execute([{"points": POINTS[:1]}] * size)
    model.finalize()
    counted = {int(le): value for (_, _, le), value in Family.counters.items()}
    assert counted == {1: 1, 2: 1, 3: 3, 4: 3}
    assert {name for name, _, _ in Family.counters} == {"crayfish_executions_total"}
    assert {model for _, model, _ in Family.counters} == {"ffnn"}


def test_without_batches_nothing_is_counted(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Family, "counters", {})
    model = started(backend.NoopModel())
    model.execute([{"points": POINTS[:1]}])
    model.finalize()
    assert Family.counters == {}
