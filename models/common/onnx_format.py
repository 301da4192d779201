# mypy: disable-error-code="import-not-found, import-untyped"
"""The ONNX file: the steps as operators, written with ONNX's own helper, batch dimension free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from .graph import POINTS, PREDICTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from .graph import Step

    Floats = NDArray[np.float32]

_OPSET: Final = 17
_IR_VERSION: Final = 8
"""Of that opset's time: older runtimes read the file, too."""


def write_onnx(
    steps: list[Step], shapes: tuple[tuple[int, ...], tuple[int, ...]], path: Path
) -> None:
    """Write the file.

    Args:
        steps: of the network.
        shapes: of one point and of one prediction.
        path: to be written.
    """
    nodes: list[Any] = []
    weights: list[Any] = []
    for step in steps:
        nodes += _nodes(step, weights)
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        for name, shape in zip((POINTS, PREDICTIONS), shapes, strict=True)
    ]
    graph = helper.make_graph(nodes, path.stem, values[:1], values[1:], weights)
    opset = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION)
    del graph, weights, nodes  # the model has copies
    onnx.save(model, str(path))
    del model
    onnx.checker.check_model(str(path), full_check=True)


def _nodes(step: Step, weights: list[Any]) -> Iterator[Any]:
    """The operators of one step; its weights are added to the list."""
    settings, inputs, into = step.settings, step.inputs, [step.name]
    match step.kind:
        case "transpose":
            yield helper.make_node("Transpose", inputs, into, perm=[0, 3, 1, 2])
        case "pad":
            top, left, bottom, right = settings["pads"]
            pads = _constant(step, "pads", [0, 0, top, left, 0, 0, bottom, right], weights)
            yield helper.make_node("Pad", [*inputs, pads], into, mode="constant")
        case "conv":
            kernel = step.weights["kernel"].transpose(3, 2, 0, 1)
            named = [_weight(step, "kernel", kernel, weights), _own(step, "bias", weights)]
            yield helper.make_node(
                "Conv", [*inputs, *named], into, kernel_shape=kernel.shape[2:], **settings
            )
        case "norm":
            named = [_own(step, each, weights) for each in ("scale", "offset", "mean", "variance")]
            yield helper.make_node("BatchNormalization", [*inputs, *named], into, **settings)
        case "pool":
            sizes = {"kernel_shape": settings["size"], "strides": settings["strides"]}
            yield helper.make_node("MaxPool", inputs, into, **sizes)
        case "mean":
            whole = f"{step.name}_whole"
            yield helper.make_node("GlobalAveragePool", inputs, [whole])
            yield helper.make_node("Flatten", [whole], into)
        case "flatten":
            last = f"{step.name}_channels_last"
            yield helper.make_node("Transpose", inputs, [last], perm=[0, 2, 3, 1])
            yield helper.make_node("Flatten", [last], into)
        case "dense":
            named = [_own(step, "kernel", weights), _own(step, "bias", weights)]
            yield helper.make_node("Gemm", [*inputs, *named], into)
        case "softmax":
            yield helper.make_node("Softmax", inputs, into, axis=1)
        case _:
            operator = {"relu": "Relu", "add": "Add"}[step.kind]
            yield helper.make_node(operator, inputs, into)


def _own(step: Step, name: str, weights: list[Any]) -> str:
    return _weight(step, name, step.weights[name], weights)


def _weight(step: Step, name: str, array: Floats, weights: list[Any]) -> str:
    called = f"{step.name}/{name}"
    weights.append(numpy_helper.from_array(array.copy(order="C"), called))
    return called


def _constant(step: Step, name: str, numbers: list[int], weights: list[Any]) -> str:
    called = f"{step.name}/{name}"
    weights.append(helper.make_tensor(called, TensorProto.INT64, [len(numbers)], numbers))
    return called


def predict_onnx(path: Path, points: Floats) -> Floats:
    """What the file answers, by ONNX Runtime with one thread."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    output: Floats = session.run([PREDICTIONS], {POINTS: points})[0]
    return output
