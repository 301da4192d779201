"""Constants of a config become values of the type and shape that the file says, or are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import constants, read_model_file
from tests.unit.models.made import INT64, onnx, tensor

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.models import Facts

UINT8, TEXT, BOOL = 2, 8, 9


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    path = tmp_path / "m.onnx"
    inputs = [
        tensor("x", shape=("n", 4)),
        tensor("scale", shape=()),
        tensor("ids", INT64, (1, 2)),
        tensor("small", UINT8, (2,)),
        tensor("on", BOOL, ()),
        tensor("free", shape=("n", 2)),
        tensor("word", TEXT, ()),
    ]
    path.write_bytes(onnx(inputs, [tensor("p", shape=("n", 10))]))
    return read_model_file(path)


def test_values_have_the_type_and_shape_of_the_input(facts: Facts) -> None:
    given = {"scale": 2, "ids": [[1, 2**40]], "small": [0, 255], "on": True}
    found = constants(facts, given)
    assert {name: each.model_dump() for name, each in found.items()} == {
        "scale": {"dtype": "float32", "shape": (), "data": (2.0,)},
        "ids": {"dtype": "int64", "shape": (1, 2), "data": (1, 2**40)},
        "small": {"dtype": "uint8", "shape": (2,), "data": (0, 255)},
        "on": {"dtype": "bool", "shape": (), "data": (1,)},
    }


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("y", 1, "constants: has no input 'y'; it has x float32"),
        ("scale", [1.0], r"constants\.scale: has shape \[1\], and the input is scale float32\[\]"),
        ("scale", "2", "must be a number, or lists of numbers"),
        ("scale", float("nan"), "no float32"),
        ("ids", [1, 2], r"has shape \[2\]"),
        ("ids", [[1], [1, 2]], "lists of different lengths"),
        ("ids", [[1, 1.5]], "a value that is no int64"),
        ("small", [0, 256], "a value that is no uint8"),
        ("on", 2, "a value that is no bool"),
        ("free", [[1, 2]], "dimension 0 is free"),
        ("word", 1, "the input holds string"),
    ],
)
def test_what_does_not_fit_is_refused(facts: Facts, name: str, value: Any, said: str) -> None:
    with pytest.raises(CrayfishError, match=said):
        constants(facts, {name: value})
