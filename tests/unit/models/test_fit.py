"""One input, one output, of types that records carry and shapes that are said: nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import describe, fitting, points_of_a_call, read_model_file
from tests.unit.models.made import DOUBLE, INT32, INT64, onnx, tensor

if TYPE_CHECKING:
    from pathlib import Path

INT8, TEXT = 3, 8
"""TensorProto.DataType"""
X, P = tensor("x", shape=("n", 28, 28)), tensor("p", shape=("n", 10))


@pytest.mark.parametrize(
    ("inputs", "outputs", "said", "mend"),
    [
        ([X], [tensor("c", INT8, ("n", 1))], "output c: holds int8, and predictions are", "Cast"),
        ([X], [tensor("d", TEXT, ("n", 10))], "output d: holds string", "Cast"),
        ([tensor("b", INT8, ("n", 9))], [P], "input b: holds int8, and points are", "Cast"),
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


@pytest.mark.parametrize(
    ("dtypes", "said"),
    [
        (("int64", "int64"), "input x: holds int32, and input.dtype is int64"),
        (("int32", "float32"), "output p: holds float64, and output.dtype is float32"),
    ],
)
def test_types_are_held_against_the_file(tmp_path: Path, dtypes: Any, said: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([tensor("x", INT32, ("n", 9))], [tensor("p", DOUBLE, ("n", 10))]))
    facts = read_model_file(path)
    with pytest.raises(CrayfishError, match=said):
        fitting(facts, dtypes=dtypes)
    point, prediction = fitting(facts, dtypes=("int32", "float64"))
    assert (point.dtype, prediction.dtype) == ("int32", "float64")
    made = describe(facts, "m")
    assert made["input"] == {"shape": [9], "dtype": "int32"}
    assert made["output"] == {"shape": [10], "dtype": "float64"}


def test_an_input_that_is_constant_takes_no_points(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([X, tensor("k", INT64, ())], [P]))
    point, _ = fitting(read_model_file(path), constants=["k"])
    assert point.name == "x"


@pytest.mark.parametrize(
    ("given", "answered", "said"),
    [
        (2, 1, r"output p float32\[1, 10\]: has 1 predictions for the 2 points of input x"),
        (1, 10, "has 10 predictions for the 1 points"),
    ],
)
def test_there_is_a_prediction_for_each_point(
    tmp_path: Path, given: int, answered: int, said: str
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([tensor("x", shape=(given, 9))], [tensor("p", shape=(answered, 10))]))
    with pytest.raises(CrayfishError, match=said) as caught:
        fitting(read_model_file(path))
    assert "dimension 0 of the output" in (caught.value.hint or "")


def test_the_batch_of_an_output_is_its_first_dimension(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([X], [tensor("p", shape=(10, "n"))]))
    said = r"output p float32\[10, n\]: has the batch \(n\) in dimension 1"
    with pytest.raises(CrayfishError, match=said) as caught:
        fitting(read_model_file(path))
    assert "transpose" in (caught.value.hint or "")
    # A name that stands for every free size is no hint of where the batch is.
    path.write_bytes(onnx([tensor("x", shape=("n", "n"))], [tensor("p", shape=("n", "n"))]))
    fitting(read_model_file(path))


@pytest.mark.parametrize(
    ("given", "answered", "said"),
    [("n", "n", None), (3, 3, (3, "x")), (3, "n", (3, "x")), ("n", 1, (1, "p"))],
)
def test_a_fixed_batch_of_either_end_is_the_batch_of_a_call(
    tmp_path: Path, given: int | str, answered: int | str, said: tuple[int, str] | None
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([tensor("x", shape=(given, 9))], [tensor("p", shape=(answered, 10))]))
    found = points_of_a_call(*fitting(read_model_file(path)))
    assert (found and (found[0], found[1].name)) == said
