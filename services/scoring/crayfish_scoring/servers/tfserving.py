"""TensorFlow Serving's PredictionService: a SavedModel's signature `serving_default`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.codec import Reason
from crayfish_scoring.base import ScorerError

from .errors import CallError
from .messages import tfserving_pb2 as pb
from .wire import check_shape, check_signature, only_one, predictions

if TYPE_CHECKING:
    from crayfish_scoring.base import Floats, ModelSpec

    from .wire import Ask

_SERVICE: Final = "/tensorflow.serving.PredictionService"
_SIGNATURE: Final = "serving_default"


class TfServingWire:
    """Values travel as bytes (`tensor_content`); answers may have a list of floats instead."""

    path = f"{_SERVICE}/Predict"
    metadata: tuple[tuple[str, str], ...] = ()

    def __init__(self, model: ModelSpec, name: str) -> None:
        self._model, self._name = model, name
        self._input = self._output = ""

    def learn(self, ask: Ask) -> None:
        """The names of the signature's tensors, and whether they are float32."""
        request = pb.GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name = self._name
        answer = ask(f"{_SERVICE}/GetModelMetadata", request.SerializeToString())
        found = pb.SignatureDefMap()
        pb.GetModelMetadataResponse.FromString(answer).metadata["signature_def"].Unpack(found)
        signatures = found.signature_def
        if _SIGNATURE not in signatures:
            raise ScorerError(
                f"model {self._name} of the server has no signature {_SIGNATURE}: it has "
                f"{', '.join(sorted(signatures)) or 'none'}"
            )
        inputs, outputs = signatures[_SIGNATURE].inputs, signatures[_SIGNATURE].outputs
        self._input = only_one(list(inputs), "inputs", self._name)
        self._output = only_one(list(outputs), "outputs", self._name)
        for kind, tensor, info, shape in (
            ("input", self._input, inputs, self._model.input_shape),
            ("output", self._output, outputs, self._model.output_shape),
        ):
            said = info[tensor].tensor_shape
            if not said.unknown_rank:
                check_signature(kind, tensor, [dim.size for dim in said.dim], shape)
        for tensor, info in ((self._input, inputs), (self._output, outputs)):
            if info[tensor].dtype != pb.DT_FLOAT:
                raise ScorerError(
                    f"model {self._name} of the server: tensor {tensor} is "
                    f"{pb.DataType.Name(info[tensor].dtype)}, records carry float32"
                )

    def request(self, points: Floats) -> bytes:
        """A PredictRequest."""
        request = pb.PredictRequest()
        request.model_spec.name = self._name
        request.model_spec.signature_name = _SIGNATURE
        tensor = request.inputs[self._input]
        tensor.dtype = pb.DT_FLOAT
        for size in points.shape:
            tensor.tensor_shape.dim.add().size = size
        tensor.tensor_content = points.tobytes()
        return bytes(request.SerializeToString())

    def answer(self, message: bytes, batch: int) -> Floats:
        """Of a PredictResponse."""
        tensor = pb.PredictResponse.FromString(message).outputs.get(self._output)
        if tensor is None or tensor.dtype != pb.DT_FLOAT:
            raise CallError(Reason.BAD_OUTPUT, f"no float32 output {self._output}")
        sizes = (dim.size for dim in tensor.tensor_shape.dim)
        check_shape(self._output, sizes, batch, self._model)
        body = tensor.tensor_content
        if not body:
            body = np.array(tensor.float_val, dtype="<f4").tobytes()
        return predictions(body, batch, self._model)
