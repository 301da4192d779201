"""Our own messages, bytes in and out, for a server that leaves them to its user (Ray Serve)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .messages import scoring_pb2 as pb
from .wire import predictions

if TYPE_CHECKING:
    from crayfish_scoring.base import ModelSpec, Values

    from .wire import Ask


class ScoringWire:
    """Ray Serve finds the application by a header of the call."""

    path = "/crayfish.scoring.Scoring/Score"

    def __init__(self, model: ModelSpec, name: str) -> None:
        self._model = model
        self.metadata: tuple[tuple[str, str], ...] = (("application", name),)

    def learn(self, ask: Ask) -> None:
        """The protocol has no names of tensors."""

    def request(self, points: Values) -> bytes:
        """Points."""
        message = pb.Points(values=points.tobytes(), batch=len(points))
        return bytes(message.SerializeToString())

    def answer(self, message: bytes, batch: int) -> Values:
        """Of Predictions."""
        return predictions(pb.Predictions.FromString(message).values, batch, self._model)
