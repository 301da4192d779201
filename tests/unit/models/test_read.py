"""SavedModels, Keras files and TorchScript: what each says, and what it is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import fitting, read_model_file
from tests.unit.models.made import FLOAT, keras, savedmodel, signature, torchscript

ROOT = Path(__file__).parents[3]
FFNN = ROOT / "models" / "ffnn"
IN = {"points": (FLOAT, (None, 28, 28))}
OUT = {"predictions": (FLOAT, (None, 10))}


@pytest.mark.parametrize("path", ["savedmodel", "savedmodel/saved_model.pb"])
def test_the_shipped_savedmodel(path: str) -> None:
    point, prediction = fitting(read_model_file(FFNN / path))
    assert str(point) == "points float32[?, 28, 28]"
    assert prediction.point == (10,)


def test_a_signature_by_another_name(tmp_path: Path) -> None:
    folder = savedmodel(tmp_path / "m", {"predict": signature(IN, OUT)})
    said = (
        r"no signature serving_default; it has predict: points float32\[\?, 28, 28\] -> "
        r"predictions float32\[\?, 10\]: save it with tf\.saved_model\.save"
    )
    with pytest.raises(CrayfishError, match=said):
        fitting(read_model_file(folder))


def test_a_signature_of_texts_and_of_several_outputs(tmp_path: Path) -> None:
    texts = {"inputs": (7, (None,))}
    two = {"classes": (7, (None, 54)), "scores": (FLOAT, (None, 54))}
    folder = savedmodel(tmp_path / "m", {"serving_default": signature(texts, two)})
    with pytest.raises(CrayfishError, match=r"2 outputs: classes string\[\?, 54\], scores float32"):
        fitting(read_model_file(folder))
    points = {"inputs": (FLOAT, (None, 3))}
    folder = savedmodel(tmp_path / "o", {"serving_default": signature(points, two)})
    _, prediction = fitting(read_model_file(folder), (None, "scores"))
    assert prediction.name == "scores"
    folder = savedmodel(tmp_path / "n", {"serving_default": signature(texts, OUT)})
    with pytest.raises(CrayfishError, match="input inputs: holds string"):
        fitting(read_model_file(folder))


def test_a_savedmodel_that_is_none(tmp_path: Path) -> None:
    folder = savedmodel(tmp_path / "m", {}, tag="train")
    with pytest.raises(CrayfishError, match="no graph with the tag serve; it has: train"):
        fitting(read_model_file(folder))
    for content, said in ((b"", "is empty"), (b"\x12\x09x", "cannot be read as a SavedModel")):
        (folder / "saved_model.pb").write_bytes(content)
        with pytest.raises(CrayfishError, match=said):
            read_model_file(folder)
    (folder / "saved_model.pb").unlink()
    with pytest.raises(CrayfishError, match=r"is a folder without saved_model\.pb"):
        read_model_file(folder)


@pytest.mark.parametrize(
    ("name", "given", "answered"),
    [
        ("casts-uint8", ["points uint8[?, 2]"], "answer int64[?, 2]"),
        ("scales-float64", ["factor float64[]", "points float64[?, 2]"], "answer float64[?, 2]"),
    ],
)
def test_a_savedmodel_of_other_types(name: str, given: list[str], answered: str) -> None:
    facts = read_model_file(ROOT / "tests/contract/vectors" / name)
    assert [str(tensor) for tensor in facts.inputs] == given
    point, prediction = fitting(facts, constants=["factor"])
    assert (point.name, str(prediction)) == ("points", answered)


def test_a_savedmodel_without_its_weights(tmp_path: Path) -> None:
    folder = savedmodel(tmp_path / "m", {"serving_default": signature(IN, OUT)})
    (folder / "variables").mkdir()
    with pytest.raises(CrayfishError, match=r"not there: variables/variables\.index"):
        fitting(read_model_file(folder))


def test_the_shipped_keras_file() -> None:
    facts = read_model_file(FFNN / "ffnn.h5")
    point, prediction = fitting(facts)
    assert str(point) == "points float32[?, 28, 28]"
    assert (str(prediction), prediction.point) == ("predictions float32[?, 10]", (10,))


def layer(kind: str, **config: object) -> dict[str, object]:
    return {"class_name": kind, "config": config}


def test_a_functional_keras_model_names_its_ends(tmp_path: Path) -> None:
    inputs = layer("InputLayer", name="image", batch_input_shape=[None, 64, 64, 1], dtype="float32")
    content = {"layers": [inputs, layer("Dense", name="d")], "output_layers": [["d", 0, 0]]}
    path = tmp_path / "m.hdf5"
    path.write_bytes(keras({"class_name": "Functional", "config": content}))
    point, prediction = fitting(read_model_file(path))
    assert (str(point), prediction.name) == ("image float32[?, 64, 64, 1]", "d")


def test_of_several_texts_the_last_whole_model_counts(tmp_path: Path) -> None:
    """The one of before is left in the file, and a model may be a layer of another."""

    def sequential(name: str, *more: object) -> dict[str, object]:
        first = layer("Dense", name=name, batch_input_shape=[None, 2])
        return layer("Sequential", name="s", layers=[first, *more, layer("Dense", name="d")])

    path = tmp_path / "m.h5"
    path.write_bytes(keras(sequential("old")) + keras(sequential("new", sequential("inner"))))
    facts = read_model_file(path)
    assert [tensor.name for tensor in facts.inputs] == ["new"]
    assert facts.said == {"model": "Sequential", "layers": "3"}


@pytest.mark.parametrize(
    ("kinds", "shape"),
    [
        (["Conv2D", "Flatten", "Dense", "Dropout", "Dense", "Softmax"], (7,)),
        (["GlobalAveragePooling2D", "Dense"], (7,)),
        (["Flatten"], None),
        (["Dense"], None),  # of the last dimension only
        (["Flatten", "Dense", "Reshape"], None),
        (["Flatten", "Reshape", "Dense"], None),
    ],
)
def test_a_plain_row_of_layers_says_its_answer(
    tmp_path: Path, kinds: list[str], shape: tuple[int, ...] | None
) -> None:
    layers = [layer(kind, name=kind, units=7) for kind in kinds]
    (tmp_path / "m.h5").write_bytes(keras(layer("Sequential", layers=layers)))
    assert read_model_file(tmp_path / "m.h5").outputs[0].point == shape


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (keras(layer("Sequential", layers=[])), "is not as Keras 2 writes it"),
        (keras(layer("Functional", layers=[3])), "is not as Keras 2 writes it"),
        (
            keras({"class_name": "Sequential", "config": {"layers": [
                layer("InputLayer", name="x", batch_shape=[None, 2]), layer("Dense", name="d"),
            ]}}),
            "written by Keras 3",
        ),
        (keras({}), "has no model_config: no Keras model"),
        (keras({}) + b"layer_names", "weights alone"),
        (b"PK\x03\x04", r"one of Keras 3's own \(\.keras\)"),
        (b"something else", "is no HDF5 file"),
    ],
)  # fmt: skip
def test_keras_files_that_cannot_be_run(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "m.h5").write_bytes(content)
    with pytest.raises(CrayfishError, match=said):
        fitting(read_model_file(tmp_path / "m.h5"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (layer("Normalization", name="scale"), "layer scale: is Normalization, which"),
        (layer("Lambda", name="l"), "layer l: is Lambda, which DeepLearning4j does not import"),
        (layer("GRU", name="g"), "layer g: is GRU"),
        (layer("TimeDistributed", name="t", layer=layer("GRU", name="g")), "layer g: is GRU"),
        (
            layer("Sequential", name="inner", layers=[layer("Dense", name="d")]),
            r"layer inner: is a model of its own \(Sequential\)",
        ),
    ],
)
def test_layers_that_nothing_here_imports_are_named(
    tmp_path: Path, more: dict[str, object], said: str
) -> None:
    first = layer("InputLayer", name="x", batch_input_shape=[None, 2])
    path = tmp_path / "m.h5"
    path.write_bytes(keras(layer("Sequential", layers=[first, more, layer("Dense", name="d")])))
    with pytest.raises(CrayfishError, match=said):
        fitting(read_model_file(path))
    path.write_bytes(keras(layer("Sequential", layers=[first, layer("Dense", name="d")])))
    fitting(read_model_file(path))


def test_torchscript_and_what_looks_like_it(tmp_path: Path) -> None:
    assert read_model_file(FFNN / "ffnn.pt").format == "torchscript"
    point, prediction = fitting(read_model_file(torchscript(tmp_path / "m.pt")), ("a", "b"))
    assert (point.point, prediction.point) == (None, None)
    with pytest.raises(CrayfishError, match="but weights alone"):
        read_model_file(torchscript(tmp_path / "w.pt", ["data.pkl", "data/0"]))
    with pytest.raises(CrayfishError, match="but a zip of something else"):
        read_model_file(torchscript(tmp_path / "z.pt", ["readme"]))
    (tmp_path / "x.pth").write_bytes(b"x")
    with pytest.raises(CrayfishError, match="cannot be read as TorchScript"):
        read_model_file(tmp_path / "x.pth")


@pytest.mark.parametrize(("name", "said"), [("m.pkl", r"end in '\.pkl'"), ("m", "'nothing'")])
def test_a_file_of_an_unknown_kind(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(CrayfishError, match=said) as caught:
        read_model_file(tmp_path / name)
    assert ".onnx, .h5, .pt" in (caught.value.hint or "")
    with pytest.raises(CrayfishError, match=r"gone\.onnx: is not there"):
        read_model_file(tmp_path / "gone.onnx")
