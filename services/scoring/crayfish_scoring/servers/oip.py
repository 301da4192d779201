"""The Open Inference Protocol (KServe version 2) over gRPC: Triton, MLServer, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.codec import Reason
from crayfish_scoring.base import ScorerError

from .errors import CallError
from .messages import oip_pb2 as pb
from .wire import check_shape, check_signature, only_one, predictions

if TYPE_CHECKING:
    from crayfish_scoring.base import Floats, ModelSpec

    from .wire import Ask

_SERVICE: Final = "/inference.GRPCInferenceService"
_FLOAT32: Final = "FP32"


class OipWire:
    """Values travel as bytes (`raw_input_contents`); answers may have a list of floats instead."""

    path = f"{_SERVICE}/ModelInfer"
    metadata: tuple[tuple[str, str], ...] = ()

    def __init__(self, model: ModelSpec, name: str) -> None:
        self._model, self._name = model, name
        self._input = self._output = ""

    def learn(self, ask: Ask) -> None:
        """The names of the model's tensors, and whether they are float32."""
        request = pb.ModelMetadataRequest(name=self._name)
        answer = ask(f"{_SERVICE}/ModelMetadata", request.SerializeToString())
        found = pb.ModelMetadataResponse.FromString(answer)
        self._input = only_one([tensor.name for tensor in found.inputs], "inputs", self._name)
        self._output = only_one([tensor.name for tensor in found.outputs], "outputs", self._name)
        check_signature("input", self._input, found.inputs[0].shape, self._model.input_shape)
        check_signature("output", self._output, found.outputs[0].shape, self._model.output_shape)
        for tensor in (*found.inputs, *found.outputs):
            if tensor.datatype != _FLOAT32:
                raise ScorerError(
                    f"model {self._name} of the server: tensor {tensor.name} is "
                    f"{tensor.datatype}, records carry {_FLOAT32}"
                )

    def request(self, points: Floats) -> bytes:
        """A ModelInferRequest."""
        request = pb.ModelInferRequest(model_name=self._name)
        request.inputs.add(name=self._input, datatype=_FLOAT32, shape=points.shape)
        request.outputs.add(name=self._output)
        request.raw_input_contents.append(points.tobytes())
        return bytes(request.SerializeToString())

    def answer(self, message: bytes, batch: int) -> Floats:
        """Of a ModelInferResponse."""
        response = pb.ModelInferResponse.FromString(message)
        names = [output.name for output in response.outputs]
        if self._output not in names:
            raise CallError(Reason.BAD_OUTPUT, f"no output {self._output}, but {names}")
        position = names.index(self._output)
        output = response.outputs[position]
        if output.datatype != _FLOAT32:
            raise CallError(Reason.BAD_OUTPUT, f"output {self._output} is {output.datatype}")
        check_shape(self._output, output.shape, batch, self._model)
        if response.raw_output_contents:
            body = response.raw_output_contents[position]
        else:
            body = np.array(output.contents.fp32_contents, dtype="<f4").tobytes()
        return predictions(body, batch, self._model)
