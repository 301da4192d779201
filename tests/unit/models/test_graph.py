"""A Keras model becomes steps that other formats are made from; its layers are by hand here."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.common.digests import digest, size
from models.common.graph import UnknownLayerError, read_steps, steps_of, write_steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Variable:
    def __init__(self, *shape: int) -> None:
        self.array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)

    def numpy(self) -> Any:
        return self.array


def layer(kind: str, name: str, before: Sequence[Any] = (), **fields: Any) -> Any:
    """A layer as far as it is looked at."""
    made = type(kind, (), {})()
    given = list(before) if len(before) > 1 else (before[0] if before else [])
    nodes = [SimpleNamespace(inbound_layers=given)]
    vars(made).update(name=name, inbound_nodes=nodes, **fields)
    return made


def activation(name: str) -> Any:
    def function() -> None: ...

    function.__name__ = name
    return function


def conv(name: str, before: Any, **fields: Any) -> Any:
    usual = {
        "padding": "same",
        "strides": (1, 1),
        "kernel_size": (3, 3),
        "activation": activation("linear"),
        "kernel": Variable(3, 3, 1, 2),
        "bias": Variable(2),
    }
    return layer("Conv2D", name, [before], **{**usual, **fields})


def network() -> Any:
    """One of each kind, with a way around."""
    first = layer("InputLayer", "input_1")
    padded = layer("ZeroPadding2D", "pad", [first], padding=((1, 2), (3, 4)))
    convolved = conv("conv", padded, padding="valid", strides=(2, 2), activation=activation("relu"))
    norm = layer(
        "BatchNormalization",
        "norm",
        [convolved],
        epsilon=1e-3,
        gamma=Variable(2),
        beta=Variable(2),
        moving_mean=Variable(2),
        moving_variance=Variable(2),
    )
    pool = layer("MaxPooling2D", "pool", [norm], padding="valid", pool_size=(2, 2), strides=(2, 2))
    relu = layer("Activation", "relu", [pool], activation=activation("relu"))
    added = layer("Add", "add", [relu, pool])
    flat = layer("Flatten", "flat", [added])
    dense = layer(
        "Dense",
        "predictions",
        [flat],
        kernel=Variable(4, 3),
        bias=Variable(3),
        activation=activation("softmax"),
    )
    return SimpleNamespace(layers=[first, padded, convolved, norm, pool, relu, added, flat, dense])


def test_each_layer_is_its_steps_and_the_last_value_is_the_predictions() -> None:
    steps = [(step.kind, step.name, step.inputs) for step in steps_of(network())]
    assert steps == [
        ("transpose", "channels_second", ("points",)),
        ("pad", "pad", ("channels_second",)),
        ("conv", "conv_linear", ("pad",)),
        ("relu", "conv", ("conv_linear",)),
        ("norm", "norm", ("conv",)),
        ("pool", "pool", ("norm",)),
        ("relu", "relu", ("pool",)),
        ("add", "add", ("relu", "pool")),
        ("flatten", "flat", ("add",)),
        ("dense", "predictions_linear", ("flat",)),
        ("softmax", "predictions", ("predictions_linear",)),
    ]


def test_padding_is_counted_from_the_top_by_the_clock_of_onnx() -> None:
    pad, convolved = steps_of(network())[1:3]
    assert pad.settings == {"pads": [1, 3, 2, 4]}
    assert convolved.settings == {"pads": [0, 0, 0, 0], "strides": [2, 2]}
    first = layer("InputLayer", "i")
    model = SimpleNamespace(layers=[first, conv("c", first)])
    assert steps_of(model)[-1].settings["pads"] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "other",
    [
        conv("c", layer("InputLayer", "i"), strides=(2, 2)),
        conv("c", layer("InputLayer", "i"), kernel_size=(2, 2)),
        layer("LSTM", "c", [layer("InputLayer", "i")]),
        layer("MaxPooling2D", "c", [layer("InputLayer", "i")], padding="same"),
    ],
)
def test_what_has_no_step_is_named(other: Any) -> None:
    model = SimpleNamespace(layers=[layer("InputLayer", "i"), other])
    with pytest.raises(UnknownLayerError, match=r"^c: "):
        steps_of(model)


def test_steps_are_read_as_they_were_written(tmp_path: Path) -> None:
    steps = steps_of(network())
    write_steps(steps, tmp_path)
    for before, after in zip(steps, read_steps(tmp_path), strict=True):
        assert (before.kind, before.name, before.inputs) == (after.kind, after.name, after.inputs)
        assert before.settings == after.settings
        assert set(before.weights) == set(after.weights)
        for name, weight in before.weights.items():
            assert (weight == after.weights[name]).all()


def test_a_folder_has_the_digest_of_its_listing(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_bytes(b"xyz")
    (tmp_path / "a").write_bytes(b"x")
    lines = f"{digest(tmp_path / 'a')}  a\n{digest(tmp_path / 'b' / 'c')}  b/c\n"
    assert digest(tmp_path) == hashlib.sha256(lines.encode()).hexdigest()
    assert size(tmp_path) == 4
    assert size(tmp_path / "a") == 1
