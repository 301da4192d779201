"""The bare scorer is timed call by call, and its outputs are checked like any others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crayfish_contract.arrays import CONSUMER_SUMMARY, RECEIVED, RECEIVED_FILE, SENT, SENT_FILE
from crayfish_contract.runconfig import RunConfig
from crayfish_contract.service import ServiceExit
from crayfish_load import raw
from crayfish_scoring import create_scorer

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
    assert raw.main(tmp_path) == ServiceExit.OK
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
    times, outputs = raw.loop(scorer, raw.make_batches(made), count=10**6, seconds=0.05)
    assert 10 <= len(outputs) <= 26
    assert len(times) == len(outputs) + 1
    assert times[-1] - times[0] >= 50_000_000


def test_a_broken_model_is_said(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    made = of_ffnn(config, broken, 1, 10)
    (tmp_path / "run.json").write_text(made.model_dump_json())
    monkeypatch.setenv("CRAYFISH_RUN_CONFIG", str(tmp_path / "run.json"))
    assert raw.main(tmp_path) == ServiceExit.BAD_CONFIG
