"""The bare scorer is timed call by call, and its outputs are checked like any others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crayfish_contract.arrays import CONSUMER_SUMMARY, RECEIVED, RECEIVED_FILE, SENT, SENT_FILE
from crayfish_contract.codec import Reason, Status
from crayfish_contract.runconfig import CallConfig, RunConfig
from crayfish_contract.service import ServiceExit
from crayfish_load import raw
from crayfish_load.bare import one_after_the_other, under_way
from crayfish_load.check import load_check
from crayfish_scoring import create_scorer
from crayfish_scoring.servers.errors import CallError

MODELS = Path(__file__).parents[3] / "models"
Config = Callable[..., RunConfig]


def of_ffnn(config: Config, path: Path, batch: int, count: int) -> RunConfig:
    made = config(
        arrivals={"kind": "max"},
        stop={"count": count},
        warmup={"rate": 1, "seconds": 0.01},
        batch_size=batch,
        points={
            "kind": "file",
            "path": str(MODELS / "ffnn" / "test-points.npz"),
            "reference_path": str(MODELS / "ffnn" / "reference.npy"),
            "count": 360,
            "pool": 360,
        },
    )
    model = made.model.model_copy(
        update={"path": str(path), "input_shape": (28, 28), "output_shape": (10,)}
    )
    tool = made.tool.model_copy(update={"name": "onnx"})
    return made.model_copy(update={"pipeline": "raw", "model": model, "tool": tool})


@pytest.mark.parametrize(("batch", "count"), [(1, 1000), (7, 100)])
def test_each_call_is_a_record(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, count: int
) -> None:
    made = of_ffnn(config, MODELS / "ffnn" / "ffnn.onnx", batch, count)
    (tmp_path / "run.json").write_text(made.model_dump_json())
    monkeypatch.setenv("CRAYFISH_RUN_CONFIG", str(tmp_path / "run.json"))
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(raw._log, "info", lambda _, extra: said.append(extra["fields"]))
    assert raw.main(tmp_path) == ServiceExit.OK
    assert said[0]["calls"] == count
    assert said[0]["load_s"] > 0
    sent = np.fromfile(tmp_path / SENT_FILE, dtype=SENT)
    received = np.fromfile(tmp_path / RECEIVED_FILE, dtype=RECEIVED)
    assert sent["id"].tolist() == received["id"].tolist() == list(range(count))
    assert (received["scored_ns"][:-1] == received["received_ns"][1:]).all()
    assert (received["scored_ns"] > received["received_ns"]).all()
    assert received["deviation"].max() < 1e-5
    assert (received["batch"] == batch).all()
    assert json.loads((tmp_path / CONSUMER_SUMMARY).read_text())["ended"] == "all"


def test_time_ends_it_too(config: Config) -> None:
    made = of_ffnn(config, MODELS / "ffnn" / "ffnn.onnx", 1, 1)
    model = made.model.model_copy(update={"output_shape": (10,)})
    scorer = create_scorer("noop", model, {"service_time_ms": 2})
    batches = raw.make_batches(made)
    calls = one_after_the_other(scorer, batches, warmup_s=0.0, count=10**6, seconds=0.05)
    assert 10 <= len(calls.outputs) <= 26
    assert len(calls.started_ns) == len(calls.ended_ns) == len(calls.outputs)
    assert calls.ended_ns[-1] - calls.started_ns[0] >= 50_000_000


class Client:
    """Answers after 2 ms, but for every third call."""

    def __init__(self) -> None:
        self.now = self.most = self.calls = 0

    async def call(self, points: np.ndarray) -> np.ndarray:
        self.calls += 1
        failing = self.calls % 3 == 0
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.002)
        self.now -= 1
        if failing:
            raise CallError(Reason.EXHAUSTED, "no room")
        return np.full((len(points), 10), points[0, 0, 0], np.float32)

    async def aclose(self) -> None:
        assert not self.now


def test_several_calls_are_under_way() -> None:
    batches = [np.full((1, 28, 28), number, np.float32) for number in range(5)]
    client = Client()
    calls = under_way(client, batches, in_flight=4, warmup_s=0.0, count=30, seconds=None)
    assert (client.calls, client.most) == (30, 4)
    sent, received = raw.rows_of(calls, 1)
    failed = received["status"] == Status.FAILED
    assert failed.tolist() == [number % 3 == 2 for number in range(30)]
    assert set(received["reason"][failed]) == {int(Reason.EXHAUSTED)}
    assert calls.outputs[~failed][:, 0].tolist() == [n % 5 for n in range(30) if n % 3 != 2]
    assert (received["scored_ns"] - sent["sent_ns"] >= 2_000_000).all()


class Unlucky:
    """Fails with exceptions that have a `reason` of their own, and with one that has none."""

    def __init__(self) -> None:
        self.errors = iter(
            [UnicodeDecodeError("utf-8", b"", 0, 1, "text"), ValueError("x"), OSError(1, "y")]
        )

    def score(self, points: np.ndarray) -> np.ndarray:
        raise next(self.errors)


def test_whatever_a_client_raises_is_a_failed_call(config: Config) -> None:
    batches = [np.zeros((1, 28, 28), np.float32)]
    scorer: Any = Unlucky()
    calls = one_after_the_other(scorer, batches, warmup_s=0.0, count=3, seconds=None)
    _, received = raw.rows_of(calls, 1)
    assert received["reason"].tolist() == [int(Reason.OTHER)] * 3
    made = of_ffnn(config, MODELS / "ffnn" / "ffnn.onnx", 1, 3)
    raw._check(load_check(made), received, calls)
    assert received["prediction"].tolist() == [-1] * 3


def test_records_are_not_put_together_without_a_processor(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = of_ffnn(config, MODELS / "ffnn" / "ffnn.onnx", 1, 10)
    batched = made.model_copy(update={"call": CallConfig(mode="batched", records=8)})
    (tmp_path / "run.json").write_text(batched.model_dump_json())
    monkeypatch.setenv("CRAYFISH_RUN_CONFIG", str(tmp_path / "run.json"))
    assert raw.main(tmp_path) == ServiceExit.BAD_CONFIG


def test_a_broken_model_is_said(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    made = of_ffnn(config, broken, 1, 10)
    (tmp_path / "run.json").write_text(made.model_dump_json())
    monkeypatch.setenv("CRAYFISH_RUN_CONFIG", str(tmp_path / "run.json"))
    assert raw.main(tmp_path) == ServiceExit.BAD_CONFIG
