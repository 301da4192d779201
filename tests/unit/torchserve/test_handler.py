"""The entry point of TorchServe's workers, without TorchServe."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.unit.serving.test_settings import ENVIRONMENT


class Refused(Exception):  # noqa: N818  called so by TorchServe
    """In the place of ts.utils.util.PredictionException."""


class Context:
    """In the place of ts.context.Context."""

    def __init__(self, name: str = "noop") -> None:
        self.manifest = {"model": {"modelName": name}}
        self.statuses: dict[int, int] = {}

    def set_response_status(self, code: int, phrase: str, index: int) -> None:
        self.statuses[index] = code


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Any:
    util = ModuleType("ts.utils.util")
    monkeypatch.setattr(util, "PredictionException", Refused, raising=False)
    for name, module in {"ts": ModuleType("ts"), "ts.utils": ModuleType("ts.utils")}.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "ts.utils.util", util)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "crayfish_torchserve.handler", raising=False)
    return import_module("crayfish_torchserve.handler")


ZEROS = np.zeros((1, 10), np.float32).tobytes()
POINT = bytearray(3136)


def test_noop_answers_zeros_to_all(handler: Any) -> None:
    context = Context()
    assert handler.handle(None, context) == []
    answers = handler.handle([{"data": POINT}, {"body": POINT + POINT}], context)
    assert answers == [ZEROS, 2 * ZEROS]
    assert context.statuses == {}


def test_a_wrong_body_among_others_is_refused_alone(handler: Any) -> None:
    context = Context()
    handler.handle(None, context)
    assert handler.handle([{"data": b"x"}, {"data": POINT}], context) == [b"", ZEROS]
    assert context.statuses == {0: 400}


@pytest.mark.parametrize("requests", [[{"data": b"x"}], [{"input": POINT}, {}]])
def test_nothing_but_wrong_bodies_is_an_error(handler: Any, requests: list[Any]) -> None:
    context = Context()
    handler.handle(None, context)
    with pytest.raises(Refused, match="not "):
        handler.handle(requests, context)


def test_executions_are_counted_by_size_where_requests_are_put_together(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(handler, "keep_telling", lambda sizes, _: kept.append(sizes))
    monkeypatch.setenv("TOOL_BATCH_SIZE", "4")
    context = Context()
    handler.handle(None, context)
    (sizes,) = kept
    handler.handle([{"data": POINT}] * 3, context)
    handler.handle([{"data": POINT}, {"data": b"x"}], context)
    with pytest.raises(Refused):
        handler.handle([{"data": b"x"}], context)
    assert sizes.news() == {1: 1, 2: 1, 3: 2, 4: 2}


def test_without_batches_nothing_is_told(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(handler, "keep_telling")
    handler.handle(None, Context())
    assert handler.handle([{"data": POINT}], Context()) == [ZEROS]


def test_the_model_is_scored_by_what_loads_it(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(model: Any, threads: int) -> Any:
        assert (model.name, threads) == ("ffnn", 3)
        return lambda points: points.reshape(len(points), -1)[:, :10] + 1

    monkeypatch.setitem(
        sys.modules,
        "crayfish_torchserve.model",
        SimpleNamespace(load=load),
    )
    monkeypatch.setenv("TOOL_THREADS", "3")
    context = Context("ffnn")
    handler.handle(None, context)
    assert handler.handle([{"data": POINT}], context) == [np.ones((1, 10), np.float32).tobytes()]
