"""A protocol, as the client sees it: bytes of a request, and predictions of an answer's bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from crayfish_contract.codec import Reason, are_valid
from crayfish_contract.dtypes import DTYPES
from crayfish_scoring.base import ScorerError

from .errors import CallError

if TYPE_CHECKING:
    from crayfish_scoring.base import ModelSpec, Values

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

    def request(self, points: Values) -> bytes:
        """The message for [batch, *input_shape]."""

    def answer(self, message: bytes, batch: int) -> Values:
        """[batch, *output_shape] of an answer.

        Raises:
            CallError: `BAD_OUTPUT`, if it holds something else.
        """


def predictions(body: bytes, batch: int, model: ModelSpec) -> Values:
    """Values of the model's output type, little-endian, as predictions.

    Raises:
        CallError: `BAD_OUTPUT`, if there are more or fewer than the model's config says, or a bool
            is neither 0 nor 1.
    """
    dtype = DTYPES[model.output_dtype].numpy
    expected = dtype.itemsize * batch * int(np.prod(model.output_shape))
    if len(body) != expected:
        raise CallError(
            Reason.BAD_OUTPUT,
            f"the server answered {len(body)} bytes for {batch} points; predictions of shape "
            f"{model.output_shape} are {expected}",
        )
    found = np.frombuffer(body, dtype=dtype)
    if not are_valid(found):
        raise CallError(Reason.BAD_OUTPUT, "the server answered bytes that are no bool")
    return found.reshape(batch, *model.output_shape)


def check_shape(name: str, shape: Iterable[int], batch: int, model: ModelSpec) -> None:
    """Compare what an answer says of its shape: as many values may be other predictions.

    Args:
        name: of the output.
        shape: that the answer says.
        batch: points that were sent.
        model: what the server should answer like.

    Raises:
        CallError: `BAD_OUTPUT`, if it is not (batch, *output_shape).
    """
    found, expected = tuple(shape), (batch, *model.output_shape)
    if found != expected:
        raise CallError(
            Reason.BAD_OUTPUT, f"output {name} has shape {found}, predictions have {expected}"
        )


def check_signature(kind: str, name: str, shape: Sequence[int], expected: Sequence[int]) -> None:
    """Compare what a server says of a tensor with what the model's config says; -1 fits any size.

    Args:
        kind: `input` or `output`.
        name: of the tensor.
        shape: with the batch in front; empty: it says nothing.
        expected: of one point, or one prediction.

    Raises:
        ScorerError: if they do not fit.
    """
    wanted = (1, *expected)
    fits = len(shape) == len(wanted) and all(
        size in {-1, want} for size, want in zip(shape, wanted, strict=True)
    )
    if shape and not fits:
        raise ScorerError(
            f"{kind} {name} of the server's model has shape {tuple(shape)}, the run's has "
            f"{tuple(expected)} in batches of any size"
        )


def check_type(model: str, tensor: str, found: str, expected: str) -> None:
    """Compare the type that a server says of a tensor with that of the model's config.

    Raises:
        ScorerError: if it is another one; both as the protocol calls them.
    """
    if found != expected:
        raise ScorerError(
            f"model {model} of the server: tensor {tensor} is {found}, the run's model has "
            f"{expected}"
        )


def the_one(names: list[str], what: str, model: str, wanted: str | None) -> str:
    """The name of the tensor that is used: the only one, or of several that of the config.

    Raises:
        ScorerError: if there are several, and none of this name, or none at all.
    """
    if len(names) != 1 and wanted in names:
        return str(wanted)
    if len(names) != 1:
        raise ScorerError(
            f"model {model} of the server has {len(names)} {what}: {', '.join(sorted(names))}; one "
            "is needed"
        )
    return names[0]
