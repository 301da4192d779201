"""A protocol, as the client sees it: bytes of a request, and predictions of an answer's bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from crayfish_contract.codec import Reason
from crayfish_scoring.base import ScorerError

from .errors import CallError

if TYPE_CHECKING:
    from crayfish_scoring.base import Floats, ModelSpec

Ask = Callable[[str, bytes], bytes]
"""One call, by its path: a request's bytes to an answer's; raises CallError."""


class Wire(Protocol):
    """The messages of one protocol, for one model of a server."""

    path: str
    """Of the scoring call: `/package.Service/Method`."""
    metadata: tuple[tuple[str, str], ...]
    """Headers of each call."""

    def learn(self, ask: Ask) -> None:
        """Ask the server what its model's tensors are called, if the protocol needs their names.

        Raises:
            CallError: if it does not answer (yet).
            ScorerError: if it has no such model, or one of other tensors.
        """

    def request(self, points: Floats) -> bytes:
        """The message for float32[batch, *input_shape]."""

    def answer(self, message: bytes, batch: int) -> Floats:
        """float32[batch, *output_shape] of an answer.

        Raises:
            CallError: `BAD_OUTPUT`, if it holds something else.
        """


def predictions(body: bytes, batch: int, model: ModelSpec) -> Floats:
    """Float32 values, little-endian, as predictions.

    Raises:
        CallError: `BAD_OUTPUT`, if there are more or fewer than the model's config says.
    """
    expected = batch * int(np.prod(model.output_shape))
    if len(body) != 4 * expected:
        raise CallError(
            Reason.BAD_OUTPUT,
            f"the server answered {len(body)} bytes for {batch} points; predictions of shape "
            f"{model.output_shape} are {4 * expected}",
        )
    return np.frombuffer(body, dtype="<f4").reshape(batch, *model.output_shape)


def only_one(names: list[str], what: str, model: str) -> str:
    """The name of the one tensor.

    Raises:
        ScorerError: if there are several, or none.
    """
    if len(names) != 1:
        raise ScorerError(
            f"model {model} of the server has {len(names)} {what}: {', '.join(sorted(names))}; one "
            "is needed"
        )
    return names[0]
