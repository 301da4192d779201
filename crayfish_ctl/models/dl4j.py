"""Which layers of Keras DeepLearning4j imports: what else a file has would end its load.

The names are those that `KerasLayerUtils` of version 1.0.0-M2.1 compares with; `Lambda` is none,
because its code is not in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_EACH: Final = ("1D", "2D", "3D")
_LAYERS: Final = frozenset(
    {
        "Activation", "AlphaDropout", "BatchNormalization", "Bidirectional", "Conv2DTranspose",
        "Conv3DTranspose", "Dense", "DepthwiseConv2D", "Dropout", "ELU", "Embedding", "Flatten",
        "GaussianDropout", "GaussianNoise", "InputLayer", "LSTM", "LeakyReLU", "LocallyConnected1D",
        "LocallyConnected2D", "Masking", "Merge", "PReLU", "Permute", "ReLU", "RepeatVector",
        "Reshape", "SeparableConv2D", "SimpleRNN", "Softmax", "TensorFlowOpLayer",
        "ThresholdedReLU", "TimeDistributed", "TimeDistributedDense",
    }
    | {
        f"{kind}{size}"
        for kind in ("AveragePooling", "Conv", "Cropping", "GlobalAveragePooling",
                     "GlobalMaxPooling", "MaxPooling", "SpatialDropout", "UpSampling",
                     "ZeroPadding")
        for size in _EACH
    }
    | {f"AtrousConvolution{size}" for size in _EACH[:2]}
    # Of Keras 1, which wrote the size of a convolution behind its whole name.
    | {f"Convolution{size}" for size in _EACH} | {"Deconvolution2D", "SeparableConvolution2D"}
    | {
        name
        for merge in ("Add", "Average", "Concatenate", "Maximum", "Multiply", "Subtract")
        for name in (merge, merge.lower())
    }
)  # fmt: skip
_MODELS: Final = frozenset({"Sequential", "Functional", "Model"})


def unread(layers: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Why DeepLearning4j would not import these layers, in a line for each that it does not.

    Args:
        layers: of a model, as its `model_config` has them.
    """
    return tuple(_found(layers))


def _found(layers: Iterable[dict[str, Any]]) -> Iterator[str]:
    for layer in layers:
        kind, config = str(layer["class_name"]), layer["config"]
        name = config.get("name", "?") if isinstance(config, dict) else "?"
        if kind in _MODELS:
            yield (
                f"layer {name}: is a model of its own ({kind}), and DeepLearning4j reads one row "
                "or graph of layers: build the model anew of the inner one's layers, or export a "
                "SavedModel or ONNX"
            )
        elif kind not in _LAYERS:
            yield (
                f"layer {name}: is {kind}, which DeepLearning4j does not import: do without it "
                "(what it does to a point can be done before), or export a SavedModel or ONNX"
            )
        elif isinstance(config, dict) and isinstance(config.get("layer"), dict):
            yield from _found([config["layer"]])
