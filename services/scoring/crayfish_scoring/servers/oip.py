"""The Open Inference Protocol (KServe version 2) over gRPC: Triton, MLServer, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.codec import Reason
from crayfish_contract.dtypes import DTYPES

from .errors import CallError
from .messages import oip_pb2 as pb
from .wire import check_shape, check_signature, check_type, predictions, the_one

if TYPE_CHECKING:
    from crayfish_scoring.base import ModelSpec, Values

    from .wire import Ask

_SERVICE: Final = "/inference.GRPCInferenceService"
_TYPES: Final = {
    "float32": ("FP32", "fp32_contents"),
    "float64": ("FP64", "fp64_contents"),
    "float16": ("FP16", None),
    "int64": ("INT64", "int64_contents"),
    "int32": ("INT32", "int_contents"),
    "uint8": ("UINT8", "uint_contents"),
    "bool": ("BOOL", "bool_contents"),
}
"""The protocol's name of each type, and the field of an answer with its values as a list."""


class OipWire:
    """Values travel as bytes (`raw_input_contents`); answers may have a list of numbers instead."""

    path = f"{_SERVICE}/ModelInfer"
    metadata: tuple[tuple[str, str], ...] = ()

    def __init__(self, model: ModelSpec, name: str) -> None:
        self._model, self._name = model, name
        self._input = self._output = ""

    def learn(self, ask: Ask) -> None:
        """The names of the model's tensors, and whether they are of the model's types."""
        request = pb.ModelMetadataRequest(name=self._name)
        answer = ask(f"{_SERVICE}/ModelMetadata", request.SerializeToString())
        found = pb.ModelMetadataResponse.FromString(answer)
        model = self._model
        inputs = {tensor.name: tensor for tensor in found.inputs}
        outputs = {tensor.name: tensor for tensor in found.outputs}
        self._input = the_one(list(inputs), "inputs", self._name, None)
        self._output = the_one(list(outputs), "outputs", self._name, model.output_name)
        point, answer = inputs[self._input], outputs[self._output]
        check_signature("input", point.name, point.shape, model.input_shape)
        check_signature("output", answer.name, answer.shape, model.output_shape)
        for tensor, dtype in ((point, model.input_dtype), (answer, model.output_dtype)):
            check_type(self._name, tensor.name, tensor.datatype, _TYPES[dtype][0])

    def request(self, points: Values) -> bytes:
        """A ModelInferRequest."""
        request = pb.ModelInferRequest(model_name=self._name)
        datatype, _ = _TYPES[self._model.input_dtype]
        request.inputs.add(name=self._input, datatype=datatype, shape=points.shape)
        request.outputs.add(name=self._output)
        request.raw_input_contents.append(points.tobytes())
        return bytes(request.SerializeToString())

    def answer(self, message: bytes, batch: int) -> Values:
        """Of a ModelInferResponse."""
        response = pb.ModelInferResponse.FromString(message)
        names = [output.name for output in response.outputs]
        if self._output not in names:
            raise CallError(Reason.BAD_OUTPUT, f"no output {self._output}, but {names}")
        position = names.index(self._output)
        output = response.outputs[position]
        dtype = self._model.output_dtype
        datatype, listed = _TYPES[dtype]
        if output.datatype != datatype:
            raise CallError(Reason.BAD_OUTPUT, f"output {self._output} is {output.datatype}")
        check_shape(self._output, output.shape, batch, self._model)
        if response.raw_output_contents:
            body = response.raw_output_contents[position]
        else:
            values = getattr(output.contents, listed) if listed else ()
            body = np.array(values, dtype=DTYPES[dtype].numpy).tobytes()
        return predictions(body, batch, self._model)
