"""TorchServe's InferenceAPIsService, with a handler of values as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from crayfish_contract.codec import Reason

from .errors import CallError
from .messages import torchserve_pb2 as pb
from .wire import predictions

if TYPE_CHECKING:
    from crayfish_scoring.base import ModelSpec, Values

    from .wire import Ask


class TorchServeWire:
    """Binary, or the JSON text that TorchServe's own handlers read and write.

    Args:
        model: of the run.
        name: of the model at the server.
        text: whether JSON.
    """

    path = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"
    metadata: tuple[tuple[str, str], ...] = ()

    def __init__(self, model: ModelSpec, name: str, *, text: bool) -> None:
        self._model, self._name, self._text = model, name, text

    def learn(self, ask: Ask) -> None:
        """The protocol has no names of tensors."""

    def request(self, points: Values) -> bytes:
        """A PredictionsRequest."""
        body = json.dumps(points.tolist()).encode() if self._text else points.tobytes()
        request = pb.PredictionsRequest(model_name=self._name)
        request.input["data"] = body
        return bytes(request.SerializeToString())

    def answer(self, message: bytes, batch: int) -> Values:
        """Of a PredictionResponse."""
        body = pb.PredictionResponse.FromString(message).prediction
        if self._text:
            try:
                body = np.array(json.loads(body), dtype=self._model.output_dtype).tobytes()
            except (ValueError, TypeError) as error:
                raise CallError(Reason.BAD_OUTPUT, f"no list of numbers: {error}") from None
        return predictions(body, batch, self._model)
