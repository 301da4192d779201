"""Messages of servers' protocols for points and predictions of every type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crayfish_contract.arrays import random_points
from crayfish_contract.dtypes import DTYPES
from crayfish_contract.runconfig import Constant, ModelConfig
from crayfish_scoring import ScorerError
from crayfish_scoring.servers.errors import CallError
from crayfish_scoring.servers.messages import oip_pb2, tfserving_pb2
from crayfish_scoring.servers.oip import OipWire
from crayfish_scoring.servers.scoring import ScoringWire
from crayfish_scoring.servers.tfserving import TfServingWire
from crayfish_scoring.servers.wire import predictions

TF = dict(zip(DTYPES, (1, 2, 19, 9, 3, 4, 10), strict=True))
TF_LISTS = dict(
    zip(
        DTYPES,
        ("float_val", "double_val", "half_val", "int64_val", "int_val", "int_val", "bool_val"),
        strict=True,
    )
)
OIP = dict(zip(DTYPES, ("FP32", "FP64", "FP16", "INT64", "INT32", "UINT8", "BOOL"), strict=True))
OIP_LISTS = {
    "float32": "fp32_contents",
    "float64": "fp64_contents",
    "int64": "int64_contents",
    "int32": "int_contents",
    "uint8": "uint_contents",
    "bool": "bool_contents",
}


def model(dtype: str, **changes: Any) -> ModelConfig:
    return ModelConfig(
        name="m", format="none", path="", input_shape=(2,), output_shape=(2,),
        input_dtype=dtype, output_dtype=dtype, **changes,
    )  # fmt: skip


def tf_metadata(dtype: str, further: dict[str, str] | None = None, *outputs: str) -> bytes:
    signatures = tfserving_pb2.SignatureDefMap()
    signature = signatures.signature_def["serving_default"]
    for name, kind in {"points": dtype, **(further or {})}.items():
        signature.inputs[name].dtype = TF[kind]
        signature.inputs[name].tensor_shape.unknown_rank = True
    for name in outputs or ("answer",):
        signature.outputs[name].dtype = TF[dtype]
        signature.outputs[name].tensor_shape.unknown_rank = True
    answer = tfserving_pb2.GetModelMetadataResponse()
    answer.metadata["signature_def"].Pack(signatures)
    return bytes(answer.SerializeToString())


def oip_metadata(dtype: str) -> bytes:
    answer = oip_pb2.ModelMetadataResponse()
    answer.inputs.add(name="points", datatype=OIP[dtype], shape=[-1, 2])
    answer.outputs.add(name="answer", datatype=OIP[dtype], shape=[-1, 2])
    return bytes(answer.SerializeToString())


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensorflow_serving(dtype: str) -> None:
    wire = TfServingWire(model(dtype), "m")
    wire.learn(lambda *_: tf_metadata(dtype))
    points = random_points(dtype, (2,), 3, seed=1)
    asked = tfserving_pb2.PredictRequest.FromString(wire.request(points)).inputs["points"]
    assert (asked.dtype, asked.tensor_content) == (TF[dtype], points.tobytes())
    listed = points.view(np.uint16) if dtype == "float16" else points
    for field, values in (
        ("tensor_content", points.tobytes()),
        (TF_LISTS[dtype], listed.ravel().tolist()),
    ):
        message = tfserving_pb2.PredictResponse()
        out = message.outputs["answer"]
        out.dtype = TF[dtype]
        for size in points.shape:
            out.tensor_shape.dim.add().size = size
        if field == "tensor_content":
            out.tensor_content = values
        else:
            getattr(out, field).extend(values)
        found = wire.answer(message.SerializeToString(), 3)
        assert found.dtype == dtype
        assert found.tobytes() == points.tobytes()


def test_tensorflow_serving_is_sent_constants_and_asked_for_one_output() -> None:
    constants = {"scale": Constant(dtype="float64", data=(0.5,))}
    wire = TfServingWire(model("int32", constants=constants, output_name="b"), "m")
    wire.learn(lambda *_: tf_metadata("int32", {"scale": "float64"}, "a", "b"))
    asked = tfserving_pb2.PredictRequest.FromString(wire.request(np.zeros((1, 2), np.int32)))
    assert list(asked.output_filter) == ["b"]
    scale = asked.inputs["scale"]
    assert (scale.dtype, scale.tensor_content) == (TF["float64"], np.float64(0.5).tobytes())
    with pytest.raises(
        ScorerError, match="tensor scale is DT_FLOAT, the run's model has DT_DOUBLE"
    ):
        wire.learn(lambda *_: tf_metadata("int32", {"scale": "float32"}, "b"))
    with pytest.raises(ScorerError, match="no further input scale: it has points"):
        wire.learn(lambda *_: tf_metadata("int32", None, "b"))


def test_a_server_that_has_the_constants_is_sent_none() -> None:
    constants = {"scale": Constant(dtype="float64", data=(0.5,))}
    wire = TfServingWire(model("int32", constants=constants), "m", constants=False)
    wire.learn(lambda *_: tf_metadata("int32"))
    asked = tfserving_pb2.PredictRequest.FromString(wire.request(np.zeros((1, 2), np.int32)))
    assert list(asked.inputs) == ["points"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_open_inference_protocol(dtype: str) -> None:
    wire = OipWire(model(dtype), "m")
    wire.learn(lambda *_: oip_metadata(dtype))
    points = random_points(dtype, (2,), 3, seed=1)
    asked = oip_pb2.ModelInferRequest.FromString(wire.request(points))
    assert asked.inputs[0].datatype == OIP[dtype]
    assert asked.raw_input_contents[0] == points.tobytes()
    for field in (None, OIP_LISTS.get(dtype)):
        message = oip_pb2.ModelInferResponse()
        out = message.outputs.add(name="answer", datatype=OIP[dtype], shape=points.shape)
        if field is None:
            message.raw_output_contents.append(points.tobytes())
        else:
            getattr(out.contents, field).extend(points.ravel().tolist())
        found = wire.answer(message.SerializeToString(), 3)
        assert found.dtype == dtype
        assert found.tobytes() == points.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_model_of_another_type_is_refused(dtype: str) -> None:
    other = "float64" if dtype == "float32" else "float32"
    with pytest.raises(ScorerError, match=r"tensor points is .*, the run's model has "):
        TfServingWire(model(dtype), "m").learn(lambda *_: tf_metadata(other))
    with pytest.raises(ScorerError, match=r"tensor points is .*, the run's model has "):
        OipWire(model(dtype), "m").learn(lambda *_: oip_metadata(other))


@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes_alone(dtype: str) -> None:
    points = random_points(dtype, (2,), 3, seed=1)
    assert points.tobytes() in ScoringWire(model(dtype), "m").request(points)
    found = predictions(points.tobytes(), 3, model(dtype))
    assert found.dtype == dtype
    assert np.array_equal(found, points)
    with pytest.raises(CallError, match="bytes for 3 points"):
        predictions(points.tobytes() + b"\0", 3, model(dtype))


def test_a_byte_that_is_no_bool_is_a_bad_answer() -> None:
    with pytest.raises(CallError, match="no bool"):
        predictions(b"\0\2", 1, model("bool"))
