"""The SavedModel scorer; needs TensorFlow, which only some images hold."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crayfish_contract.runconfig import Constant, ModelConfig
from crayfish_scoring import ScorerError, create_scorer

FOLDER = Path(__file__).parents[3] / "models" / "ffnn"
VECTORS = Path(__file__).parents[2] / "contract" / "vectors"
POINTS = np.load(FOLDER / "test-points.npz")["points"]
REFERENCE = np.load(FOLDER / "reference.npy")


def model(**changes: Any) -> ModelConfig:
    return ModelConfig(
        name="ffnn",
        format="tf-savedmodel",
        path=str(FOLDER / "savedmodel"),
        input_shape=(28, 28),
        output_shape=(10,),
    ).model_copy(update=changes)


def test_other_tools_do_without_tensorflow() -> None:
    loaded = "tensorflow" in sys.modules
    create_scorer("noop", model()).load()
    assert ("tensorflow" in sys.modules) == loaded


@pytest.fixture
def tensorflow() -> None:
    pytest.importorskip("tensorflow")


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch", [1, 7, 360])
def test_it_agrees_with_the_reference(threads: int, batch: int) -> None:
    scorer = create_scorer("tf-savedmodel", model(), {"threads": threads})
    scorer.load()
    points = POINTS[:batch].copy()
    points.flags.writeable = False  # as it lies in a message
    output = scorer.score(points)
    assert output.shape == (batch, 10)
    assert output.dtype == np.float32
    assert np.abs(output - REFERENCE[:batch]).max() <= 1e-5
    scorer.close()


@pytest.mark.usefixtures("tensorflow")
def test_two_of_them_do_not_know_each_other() -> None:
    first, second = (create_scorer("tf-savedmodel", model()) for _ in range(2))
    first.load()
    second.load()
    first.close()
    assert np.abs(second.score(POINTS) - REFERENCE).max() <= 1e-5
    second.close()


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("path", ["/no/such", str(FOLDER), str(FOLDER / "ffnn.onnx"), ""])
def test_a_model_that_cannot_be_read_is_named(path: str) -> None:
    with pytest.raises(ScorerError, match="not a usable SavedModel") as caught:
        create_scorer("tf-savedmodel", model(path=path)).load()
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("file", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_broken_model_is_named(tmp_path: Path, file: str) -> None:
    shutil.copytree(FOLDER / "savedmodel", tmp_path / "broken")
    (tmp_path / "broken" / file).write_bytes(b"not a model")
    with pytest.raises(ScorerError, match=str(tmp_path / "broken")):
        create_scorer("tf-savedmodel", model(path=str(tmp_path / "broken"))).load()


@pytest.mark.usefixtures("tensorflow")
def test_another_signature_is_said(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "savedmodel", tmp_path / "other")
    path = tmp_path / "other" / "saved_model.pb"
    path.write_bytes(path.read_bytes().replace(b"serving_default", b"serving_another"))
    said = "with signature serving_default: it has __saved_model_init_op, serving_another"
    with pytest.raises(ScorerError, match=said):
        create_scorer("tf-savedmodel", model(path=str(tmp_path / "other"))).load()


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input_shape": (28, 27)}, r"refuses a point of shape \(28, 27\)"),
        ({"output_shape": (3,)}, r"output\.shape"),
    ],
)
def test_a_model_of_another_shape_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ScorerError, match=said):
        create_scorer("tf-savedmodel", model(**changes)).load()


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("options", [{"threads": 0}, {"threads": True}, {"treads": 1}])
def test_what_it_does_not_know_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ScorerError, match=next(iter(options))):
        create_scorer("tf-savedmodel", model(), options)


@pytest.mark.usefixtures("tensorflow")
def test_of_several_outputs_the_named_one_is_scored_and_constants_are_fed(tmp_path: Path) -> None:
    import tensorflow as tf  # noqa: PLC0415

    class Module(tf.Module):  # type: ignore[misc]
        @tf.function(  # type: ignore[untyped-decorator]
            input_signature=[
                tf.TensorSpec((None, 2), tf.int32, name="points"),
                tf.TensorSpec((), tf.int32, name="offset"),
            ]
        )
        def score(self, points: Any, offset: Any) -> Any:
            moved = points + offset
            return {"answer": tf.cast(moved, tf.int64), "other": -moved}

    module = Module()
    tf.saved_model.save(module, str(tmp_path), signatures=module.score)
    changes = {
        "path": str(tmp_path),
        "input_shape": (2,),
        "output_shape": (2,),
        "input_dtype": "int32",
        "output_dtype": "int64",
        "output_name": "answer",
        "constants": {"offset": Constant(dtype="int32", data=(10,))},
    }
    scorer = create_scorer("tf-savedmodel", model(**changes))
    scorer.load()
    found = scorer.score(np.array([[1, 2]], np.int32))
    assert found.dtype == np.int64
    assert found.tolist() == [[11, 12]]
    scorer.close()
    for wrong, said in (
        ({"output_name": None}, r"outputs answer, other: name the one that is scored"),
        ({"output_name": "none"}, "no output 'none'"),
        ({"constants": None}, "give the others constants"),
        ({"input_dtype": "float32"}, r"takes int32, .*input\.dtype"),
    ):
        with pytest.raises(ScorerError, match=said):
            create_scorer("tf-savedmodel", model(**{**changes, **wrong})).load()


def other(name: str, dtype: str, answered: str, **changes: Any) -> ModelConfig:
    return ModelConfig(
        name=name, format="tf-savedmodel", path=str(VECTORS / name), input_shape=(2,),
        output_shape=(2,), input_dtype=dtype, output_dtype=answered, **changes,
    )  # fmt: skip


@pytest.mark.usefixtures("tensorflow")
def test_bytes_become_whole_numbers() -> None:
    scorer = create_scorer("tf-savedmodel", other("casts-uint8", "uint8", "int64"))
    scorer.load()
    output = scorer.score(np.array([[0, 255], [7, 128]], np.uint8))
    assert output.dtype == np.int64
    assert output.tolist() == [[0, 255], [7, 128]]
    scorer.close()
    with pytest.raises(ScorerError, match="uint8"):
        create_scorer("tf-savedmodel", other("casts-uint8", "float32", "int64")).load()


@pytest.mark.usefixtures("tensorflow")
def test_double_precision_is_kept() -> None:
    factor = {"factor": Constant(dtype="float64", data=(1 / 3,))}
    scorer = create_scorer(
        "tf-savedmodel", other("scales-float64", "float64", "float64", constants=factor)
    )
    scorer.load()
    points = np.array([[0.1, -1e300]])
    output = scorer.score(points)
    assert output.dtype == np.float64
    assert np.array_equal(output, points * (1 / 3))
    scorer.close()
