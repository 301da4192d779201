"""The model repository that Triton reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_serving import SettingError, read_settings
from crayfish_triton.repository import (
    Batching,
    Tensors,
    batching,
    model_config,
    write_repository,
)
from tests.unit.serving.test_settings import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

TENSORS = Tensors("points", "predictions")


def config(points: int) -> list[str]:
    model = read_settings(ENVIRONMENT).model
    return model_config("ffnn", model, TENSORS, Batching(points, 0.5, 2)).splitlines()


def test_without_batching_a_request_has_as_many_points_as_it_likes() -> None:
    assert config(1) == [
        'name: "ffnn"',
        'backend: "python"',
        "max_batch_size: 0",
        'input [ { name: "points", data_type: TYPE_FP32, dims: [ -1, 28, 28 ] } ]',
        'output [ { name: "predictions", data_type: TYPE_FP32, dims: [ -1, 10 ] } ]',
        "instance_group [ { kind: KIND_CPU, count: 2 } ]",
    ]


def test_with_batching_triton_knows_of_the_batch() -> None:
    assert config(32)[2:] == [
        "max_batch_size: 32",
        'input [ { name: "points", data_type: TYPE_FP32, dims: [ 28, 28 ] } ]',
        'output [ { name: "predictions", data_type: TYPE_FP32, dims: [ 10 ] } ]',
        "instance_group [ { kind: KIND_CPU, count: 2 } ]",
        "dynamic_batching { max_queue_delay_microseconds: 500 }",
    ]


def test_both_models_are_there_and_each_is_scored_by_its_own(tmp_path: Path) -> None:
    write_repository(tmp_path, read_settings(ENVIRONMENT).model, TENSORS, Batching(1, 0, 1))
    for name, scored_by in (("ffnn", "OnnxModel"), ("noop", "NoopModel")):
        text = (tmp_path / name / "1" / "model.py").read_text()
        assert f"from crayfish_triton.backend import {scored_by} as TritonPythonModel" in text
        compile(text, "model.py", "exec")
        assert f'name: "{name}"' in (tmp_path / name / "config.pbtxt").read_text()


def test_options_are_read() -> None:
    settings = read_settings(
        {**ENVIRONMENT, "TOOL_BATCH_SIZE": "8", "TOOL_BATCH_DELAY_MS": "1.5", "TOOL_INSTANCES": "3"}
    )
    assert batching(settings) == Batching(8, 1.5, 3)
    assert batching(read_settings(ENVIRONMENT)) == Batching(1, 0.0, 1)


@pytest.mark.parametrize("option", ["BATCH_SIZE", "BATCH_DELAY_MS", "INSTANCES"])
def test_one_out_of_its_bounds_is_named(option: str) -> None:
    with pytest.raises(SettingError, match=f"TOOL_{option}"):
        batching(read_settings({**ENVIRONMENT, f"TOOL_{option}": "-1"}))
