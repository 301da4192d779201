"""A model that cannot be served is found before Triton starts."""

from __future__ import annotations

import json

import pytest

from crayfish_triton import check
from tests.unit.serving.test_settings import ENVIRONMENT


def run(monkeypatch: pytest.MonkeyPatch, **changed: str) -> int:
    for name, value in {**ENVIRONMENT, **changed}.items():
        monkeypatch.setenv(name, value)
    return check.main()


def test_the_names_of_the_tensors_are_the_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 0
    assert json.loads(capsys.readouterr().out) == ["points", "predictions"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"CRAYFISH_MODEL_PATH": "/models/gone.onnx"}, "not there"),
        ({"CRAYFISH_MODEL_PATH": __file__}, "not a usable ONNX model"),
        ({"CRAYFISH_MODEL_INPUT": "27,27"}, "refuses a point of shape"),
        ({"CRAYFISH_MODEL_OUTPUT": "11"}, "output.shape"),
    ],
)
def test_what_is_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    said: str,
) -> None:
    assert run(monkeypatch, **changed) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert said in json.loads(line)["msg"]
