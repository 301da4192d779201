"""One float32 input, one float32 output, of the shapes that are said: all else is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import fitting, read_model_file
from tests.unit.models.made import DOUBLE, INT32, INT64, onnx, tensor

if TYPE_CHECKING:
    from pathlib import Path

X, P = tensor("x", shape=("n", 28, 28)), tensor("p", shape=("n", 10))


@pytest.mark.parametrize(
    ("inputs", "outputs", "said", "mend"),
    [
        ([X], [tensor("c", INT64, ("n", 1))], "output c: holds int64, and predictions are", "Cast"),
        ([X], [tensor("d", DOUBLE, ("n", 10))], "output d: holds float64", "Cast"),
        ([tensor("b", INT32, ("n", 9))], [P], "input b: holds int32, and points are", "Cast"),
        ([X, tensor("m")], [P], r"has 2 inputs \(x float32\[n, 28, 28\], m ", "constants"),
        ([], [P], "has 0 inputs", ""),
        (
            [X],
            [tensor("c", INT64, ("n",)), P],
            r"has 2 outputs: c int64\[n\], p float32\[n, 10\]",
            "--output p",
        ),
        ([X], [tensor("r", shape=("n",))], "output r.* no dimension beside the batch", "(n, 1)"),
        ([X], [tensor("r", shape=())], "output r: is a single number", ""),
    ],
)
def test_what_records_cannot_carry_is_refused(
    tmp_path: Path, inputs: list[bytes], outputs: list[bytes], said: str, mend: str
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx(inputs, outputs))
    with pytest.raises(CrayfishError, match=said) as caught:
        fitting(read_model_file(path))
    assert caught.value.message.startswith(str(path))
    assert mend in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("names", "shapes", "said"),
    [
        (("y", "p"), (None, None), r"has no input 'y'; it has x float32\[n, 28, 28\]"),
        (("x", "z"), (None, None), "has no output 'z'; it has q .*, p "),
        (("x", "p"), ((28, 29), None), r"input x: has shape \(n, 28, 28\) .* is \[28, 29\]"),
        (("x", "p"), ((784,), None), "input x: has shape"),
        (("x", "p"), (None, (11,)), r"output p: has shape \(n, 10\) .*output.shape is \[11\]"),
    ],
)
def test_names_and_shapes_are_held_against_the_file(
    tmp_path: Path, names: Any, shapes: Any, said: str
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([X], [tensor("q", shape=("n", 10)), P]))
    with pytest.raises(CrayfishError, match=said):
        fitting(read_model_file(path), names, shapes)
    point, prediction = fitting(read_model_file(path), ("x", "p"), ((28, 28), (10,)))
    assert (point.name, prediction.name) == ("x", "p")
