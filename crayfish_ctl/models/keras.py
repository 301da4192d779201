"""A Keras .h5: the layers as its attribute `model_config` describes them.

Keras writes that attribute as one JSON text, and HDF5 keeps a text in one piece, so it is found
without a library for HDF5.
"""

from __future__ import annotations

import json
import mmap
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.errors import CrayfishError

from .dl4j import unread
from .facts import FLOAT32, Facts, Tensor

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC: Final = b"\x89HDF\r\n\x1a\n"
_BEGIN: Final = b'{"class_name": "'
_MODELS: Final = {"Sequential", "Functional", "Model"}
_FLATTEN: Final = {"Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D"}
_SAME_SHAPE: Final = {"Activation", "BatchNormalization", "Dropout", "ReLU", "Softmax"}
_TEXT_BYTES: Final = 64 * 1024 * 1024
KERAS_3: Final = "written by Keras 3, and DeepLearning4j reads Keras 2: save it with tf_keras"
"""A problem."""


def read_keras(path: Path) -> Facts:
    """What a .h5 file says. Output shapes are not in it: they follow from the layers.

    Raises:
        CrayfishError: if it is no HDF5 file, or holds no model.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        if mapped[: len(_MAGIC)] != _MAGIC:
            zipped = mapped[:2] == b"PK"
            raise CrayfishError(
                f"{path}: is no HDF5 file"
                + (", but one of Keras 3's own (.keras)" if zipped else ""),
                hint="save it with Keras 2 (tf_keras) as .h5, or export a SavedModel",
            )
        config = _config(mapped)
        weights_only = mapped.find(b"layer_names") >= 0
    if config is None:
        raise CrayfishError(
            f"{path}: has no model_config: "
            + ("weights alone?" if weights_only else "no Keras model?"),
            hint="model.save(...) writes the layers as well, model.save_weights(...) does not",
        )
    try:
        return _facts(path, str(config["class_name"]), config["config"])
    except (KeyError, TypeError, IndexError, AttributeError):
        raise CrayfishError(
            f"{path}: model_config: is not as Keras 2 writes it",
            hint="save it with Keras 2 (tf_keras) as .h5",
        ) from None


def _facts(path: Path, kind: str, content: Any) -> Facts:
    layers = content["layers"] if isinstance(content, dict) else content
    first = [layer["config"] for layer in layers if layer["class_name"] == "InputLayer"]
    first = first or [layers[0]["config"]]
    ends = [end[0] for end in content.get("output_layers", [])] if isinstance(content, dict) else []
    keras3 = any("batch_shape" in each for each in first)
    return Facts(
        path=path,
        format="keras-h5",
        inputs=tuple(map(_input, first)),
        outputs=tuple(
            Tensor(str(name), FLOAT32, _answer(kind, layers))
            for name in ends or [layers[-1]["config"]["name"]]
        ),
        said={"model": kind, "layers": str(len(layers))},
        problems=(KERAS_3,) if keras3 else unread(layers),
        mend=None if keras3 else f"`crayfish models convert {path}` makes an ONNX file of it",
    )


def _answer(kind: str, layers: list[dict[str, Any]]) -> tuple[int | None, ...] | None:
    """The shape of what comes out, where it is plain: a row of layers, flattened, then dense."""
    shape: tuple[int | None, ...] | None = None
    if kind != "Sequential":
        return None
    for layer in layers:
        if layer["class_name"] in _FLATTEN:
            shape = (None, None)
        elif layer["class_name"] == "Dense" and shape is not None:
            shape = (None, int(layer["config"]["units"]))
        elif layer["class_name"] not in _SAME_SHAPE:
            shape = None
    return shape


def _config(mapped: mmap.mmap) -> dict[str, Any] | None:
    """The last text that describes a whole model.

    An attribute that was written anew leaves the one of before where it was; a model within a model
    is a part of the outer one's text.
    """
    last: dict[str, Any] | None = None
    start = mapped.find(_BEGIN)
    while start >= 0:
        piece = mapped[start : start + _TEXT_BYTES].split(b"\x00", 1)[0]
        try:
            found, end = json.JSONDecoder().raw_decode(piece.decode("latin-1"))
        except ValueError:
            found, end = {}, 1
        if found.get("class_name") in _MODELS and "config" in found:
            last = found
        start = mapped.find(_BEGIN, start + end)
    return last


def _input(layer: dict[str, Any]) -> Tensor:
    shape = layer.get("batch_input_shape", layer.get("batch_shape"))
    dtype = layer.get("dtype", FLOAT32)
    return Tensor(
        str(layer.get("name")),
        dtype if isinstance(dtype, str) else FLOAT32,
        tuple(shape) if isinstance(shape, list) else None,
    )
