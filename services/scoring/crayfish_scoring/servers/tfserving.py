"""TensorFlow Serving's PredictionService: a SavedModel's signature `serving_default`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_contract.codec import Reason
from crayfish_contract.dtypes import DTYPES
from crayfish_scoring.base import ScorerError, constants_of

from .errors import CallError
from .messages import tfserving_pb2 as pb
from .wire import check_shape, check_signature, check_type, predictions, the_one

if TYPE_CHECKING:
    from crayfish_scoring.base import ModelSpec, Values

    from .wire import Ask

_SERVICE: Final = "/tensorflow.serving.PredictionService"
_SIGNATURE: Final = "serving_default"
_TYPES: Final = {
    "float32": pb.DT_FLOAT,
    "float64": pb.DT_DOUBLE,
    "float16": pb.DT_HALF,
    "int64": pb.DT_INT64,
    "int32": pb.DT_INT32,
    "uint8": pb.DT_UINT8,
    "bool": pb.DT_BOOL,
}
_LISTS: Final = {
    "float32": "float_val",
    "float64": "double_val",
    "float16": "half_val",
    "int64": "int64_val",
    "int32": "int_val",
    "uint8": "int_val",
    "bool": "bool_val",
}
"""The field of an answer that has its values as a list."""


class TfServingWire:
    """Values travel as bytes (`tensor_content`); answers may have a list of numbers instead."""

    path = f"{_SERVICE}/Predict"
    metadata: tuple[tuple[str, str], ...] = ()

    def __init__(self, model: ModelSpec, name: str, *, constants: bool = True) -> None:
        """Of one model of a server.

        Args:
            model: of the run.
            name: of it at the server.
            constants: whether requests bring those of further inputs along, or the server has them.
        """
        self._model, self._name = model, name
        self._input = self._output = ""
        self._constants = constants_of(model) if constants else {}

    def learn(self, ask: Ask) -> None:
        """The names of the signature's tensors, and whether they are of the model's types."""
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
        model = self._model
        missing = sorted(set(self._constants) - set(inputs))
        if missing:
            raise ScorerError(
                f"model {self._name} of the server has no further input {missing[0]}: it has "
                f"{', '.join(sorted(inputs))}"
            )
        points = [name for name in inputs if name not in self._constants]
        self._input = the_one(points, "inputs", self._name, None)
        self._output = the_one(list(outputs), "outputs", self._name, model.output_name)
        for kind, tensor, info, shape in (
            ("input", self._input, inputs, model.input_shape),
            ("output", self._output, outputs, model.output_shape),
        ):
            said = info[tensor].tensor_shape
            if not said.unknown_rank:
                check_signature(kind, tensor, [dim.size for dim in said.dim], shape)
        for tensor, info, dtype in (
            (self._input, inputs, model.input_dtype),
            (self._output, outputs, model.output_dtype),
            *((name, inputs, value.dtype.name) for name, value in self._constants.items()),
        ):
            found = pb.DataType.Name(info[tensor].dtype)
            check_type(self._name, tensor, found, pb.DataType.Name(_TYPES[dtype]))

    def request(self, points: Values) -> bytes:
        """A PredictRequest."""
        request = pb.PredictRequest()
        request.model_spec.name = self._name
        request.model_spec.signature_name = _SIGNATURE
        request.output_filter.append(self._output)
        _fill(request.inputs[self._input], points, _TYPES[self._model.input_dtype])
        for name, value in self._constants.items():
            _fill(request.inputs[name], value, _TYPES[value.dtype.name])
        return bytes(request.SerializeToString())

    def answer(self, message: bytes, batch: int) -> Values:
        """Of a PredictResponse."""
        tensor = pb.PredictResponse.FromString(message).outputs.get(self._output)
        dtype = self._model.output_dtype
        if tensor is None or tensor.dtype != _TYPES[dtype]:
            raise CallError(Reason.BAD_OUTPUT, f"no {dtype} output {self._output}")
        sizes = (dim.size for dim in tensor.tensor_shape.dim)
        check_shape(self._output, sizes, batch, self._model)
        body = tensor.tensor_content
        if not body:
            # Of a float16 the list has the bits.
            kind = np.uint16 if dtype == "float16" else DTYPES[dtype].numpy
            body = np.array(getattr(tensor, _LISTS[dtype]), dtype=kind).tobytes()
        return predictions(body, batch, self._model)


def _fill(tensor: Any, values: Values, dtype: int) -> None:
    tensor.dtype = dtype
    for size in values.shape:
        tensor.tensor_shape.dim.add().size = size
    tensor.tensor_content = values.tobytes()
