# mypy: disable-error-code="import-not-found, import-untyped"
"""The trained model, written in each format that a tool reads, and read back for the check."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx
import tf_keras

from . import files, network

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]

ONNX_OPSET: Final = 17


def write_weights(model: Any) -> None:
    """W0, b0 ... W4, b4 as Keras keeps them: W float32[inputs, outputs], b float32[outputs]."""
    weights = model.get_weights()
    named = {f"{'Wb'[i % 2]}{i // 2}": array for i, array in enumerate(weights)}
    np.savez(files.WEIGHTS, **named)


def write_h5(model: Any) -> None:
    """Keras-2 HDF5: architecture and weights, without the optimizer's state."""
    model.save(files.KERAS_H5, save_format="h5", include_optimizer=False)


def write_savedmodel(model: Any) -> None:
    """A SavedModel with one signature, `serving_default`: points -> predictions.

    The wrapping module leaves out what only Keras needs (training functions, metadata).
    """
    module = tf.Module()
    module.variables_ = model.variables
    signature = _signature(model)
    shutil.rmtree(files.SAVEDMODEL, ignore_errors=True)
    tf.saved_model.save(module, str(files.SAVEDMODEL), signatures={"serving_default": signature})
    for folder in files.SAVEDMODEL.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()  # git keeps no empty folder; TensorFlow needs none


def write_onnx(model: Any) -> None:
    """ONNX, batch dimension free, tensors named `points` and `predictions`."""
    spec = tf.TensorSpec((None, *network.SHAPE), tf.float32, name="points")
    proto, _ = tf2onnx.convert.from_keras(model, input_signature=[spec], opset=ONNX_OPSET)
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, str(files.ONNX))


def write_torchscript(python: str) -> None:
    """TorchScript from the .npz, by an interpreter that has PyTorch (see torchscript.py)."""
    _torch(python, "build")


def readers(torch_python: str) -> dict[str, Predict]:
    """For each format of the catalog, a function that scores points with the committed file."""
    return {
        "onnx": _read_onnx(),
        "tf-savedmodel": _read_savedmodel(),
        "keras-h5": _read_h5(),
        "torchscript": lambda points: _predict_torchscript(torch_python, points),
        "npz": _read_weights(),
    }


def _signature(model: Any) -> Any:
    def predict(points: Any) -> dict[str, Any]:
        return {"predictions": model(points, training=False)}

    spec = tf.TensorSpec((None, *network.SHAPE), tf.float32, name="points")
    return tf.function(predict, input_signature=[spec])


def _read_onnx() -> Predict:
    session = onnxruntime.InferenceSession(files.ONNX, providers=["CPUExecutionProvider"])

    def predict(points: NDArray[np.float32]) -> NDArray[np.float32]:
        output: NDArray[np.float32] = session.run(["predictions"], {"points": points})[0]
        return output

    return predict


def _read_savedmodel() -> Predict:
    loaded = tf.saved_model.load(str(files.SAVEDMODEL))
    signature = loaded.signatures["serving_default"]

    def predict(points: NDArray[np.float32]) -> NDArray[np.float32]:
        output: NDArray[np.float32] = signature(points=tf.constant(points))["predictions"].numpy()
        return output

    predict.loaded = loaded  # type: ignore[attr-defined]  # the signature holds its variables weakly
    return predict


def _read_h5() -> Predict:
    model = tf_keras.models.load_model(files.KERAS_H5, compile=False)
    return lambda points: network.predict(model, points)


def _read_weights() -> Predict:
    with np.load(files.WEIGHTS) as archive:
        weights = dict(archive)

    def predict(points: NDArray[np.float32]) -> NDArray[np.float32]:
        values = points.reshape(len(points), -1)
        for i in range(len(network.HIDDEN)):
            values = np.maximum(values @ weights[f"W{i}"] + weights[f"b{i}"], 0)
        last = len(network.HIDDEN)
        logits = values @ weights[f"W{last}"] + weights[f"b{last}"]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        output: NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
        return output

    return predict


def _predict_torchscript(python: str, points: NDArray[np.float32]) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "points.npy"), Path(folder, "predictions.npy")
        np.save(source, points)
        _torch(python, "predict", str(source), str(target))
        output: NDArray[np.float32] = np.load(target)
        return output


def _torch(python: str, *arguments: str) -> None:
    """Run torchscript.py; the fixed hash seed fixes the order in which PyTorch writes its code."""
    command = [python, "-m", "models.ffnn.torchscript", *arguments]
    try:
        subprocess.run(
            command, cwd=files.ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise files.ModelFileError(f"{' '.join(command)}: {error}") from error
