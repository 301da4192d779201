"""Bodies of requests and answers: values as bytes, or JSON text as the published study had it.

Needs numpy alone, so that it is tested without PyTorch.
"""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    Values = npt.NDArray[Any]


class BodyError(ValueError):
    """A body that is no batch of points."""


class Codec(Protocol):
    """How points and predictions travel."""

    def points(self, body: Any) -> Values:
        """[n, *input_shape] of a request's body; BodyError if it is none."""

    def answer(self, predictions: Values) -> bytes:
        """The body of an answer of [n, *output_shape]."""


class Binary:
    """Values, little-endian, nothing else: n points, n from the length."""

    def __init__(self, input_shape: tuple[int, ...], dtype: str = "float32") -> None:
        self._shape, self._dtype = input_shape, np.dtype(dtype)
        self._bytes = self._dtype.itemsize * prod(input_shape)

    def points(self, body: Any) -> Values:
        """No copy: they lie in the body."""
        if not isinstance(body, bytes | bytearray | memoryview):
            raise BodyError(f"a {type(body).__name__}, and not bytes of {self._dtype}")
        if not len(body) or len(body) % self._bytes:
            raise BodyError(f"{len(body)} bytes are not points of {self._bytes}")
        return np.frombuffer(body, dtype=self._dtype).reshape(-1, *self._shape)

    def answer(self, predictions: Values) -> bytes:
        """As they lie in memory."""
        return predictions.tobytes()


class Json:
    """Nested lists, [n, *input_shape] in and [n, *output_shape] out."""

    def __init__(self, input_shape: tuple[int, ...], dtype: str = "float32") -> None:
        self._shape, self._dtype = input_shape, np.dtype(dtype)

    def points(self, body: Any) -> Values:
        """Text, or what the server has made of it already."""
        try:
            values = json.loads(body) if isinstance(body, str | bytes | bytearray) else body
            points = np.asarray(values, dtype=self._dtype)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise BodyError(f"no lists of numbers: {error}") from None
        if (
            points.ndim != len(self._shape) + 1
            or points.shape[1:] != self._shape
            or not len(points)
        ):
            raise BodyError(f"shape {points.shape} is not points of shape {self._shape}")
        return points

    def answer(self, predictions: Values) -> bytes:
        """Numbers as Python writes them: the shortest text that gives the same float64 back."""
        return json.dumps(predictions.tolist()).encode()


CODECS: Final[Mapping[str, Callable[[tuple[int, ...], str], Codec]]] = {
    "binary": Binary,
    "json": Json,
}
"""Option `handler` -> how bodies are read."""


def answer_all(
    bodies: Sequence[Any], codec: Codec, score: Callable[[Values], Values]
) -> list[bytes | BodyError]:
    """One forward call for all requests of a batch, and each request's own part of it.

    Args:
        bodies: of the requests that the server put together.
        codec: how they are read.
        score: [n, *input_shape] -> [n, *output_shape].

    Returns:
        For each request its answer, or what was wrong with it: one wrong body costs the others
        nothing.
    """
    read: list[Values | BodyError] = []
    for body in bodies:
        try:
            read.append(codec.points(body))
        except BodyError as error:
            read.append(error)
    good = [points for points in read if not isinstance(points, BodyError)]
    if not good:
        return [each for each in read if isinstance(each, BodyError)]
    predictions = score(good[0] if len(good) == 1 else np.concatenate(good))
    answers: list[bytes | BodyError] = []
    first = 0
    for points in read:
        if isinstance(points, BodyError):
            answers.append(points)
        else:
            answers.append(codec.answer(predictions[first : first + len(points)]))
            first += len(points)
    return answers
