"""What TorchServe calls in each worker, of either model: `handle` is its entry point."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from ts.utils.util import PredictionException

from crayfish_serving import NOOP, Settings, read_settings

from .bodies import CODECS, BodyError, Codec, answer_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bodies import Values

    Score = Callable[[Values], Values]

_BAD_REQUEST = 400
_log = logging.getLogger(__name__)


class Handler:
    """Scores the requests that TorchServe put together in one forward call."""

    def __init__(self, codec: Codec, score: Score) -> None:
        self._codec = codec
        self._score = score

    def handle(self, requests: list[dict[str, Any]], context: Any) -> list[bytes]:
        """An answer for each request, in their order.

        What cannot be read is refused by itself (HTTP 400; over gRPC, which has no status for one
        of several, an empty answer), or all together if nothing can be read.
        """
        bodies = [each.get("data", each.get("body")) for each in requests]
        answers = answer_all(bodies, self._codec, self._score)
        refused = [(i, each) for i, each in enumerate(answers) if isinstance(each, BodyError)]
        if len(refused) == len(answers):
            raise PredictionException(str(refused[0][1]), _BAD_REQUEST)
        for index, error in refused:
            _log.warning("a request was refused: %s", error)
            context.set_response_status(_BAD_REQUEST, str(error), index)
        return [b"" if isinstance(each, BodyError) else each for each in answers]


def make_handler(settings: Settings, name: str) -> Handler:
    """The handler of a model, which is loaded; `noop` answers zeros and loads nothing."""
    model = settings.model
    make = CODECS[settings.choice("handler", tuple(CODECS))]
    codec = make(model.input_shape, model.input_dtype)
    if name == NOOP:
        shape, dtype = model.output_shape, model.output_dtype
        return Handler(codec, lambda points: np.zeros((len(points), *shape), dtype))
    from .model import load  # noqa: PLC0415  the other model needs no PyTorch

    return Handler(codec, load(model, settings.whole("threads", 1, 1, 1024)))


_handlers: list[Handler] = []
"""The one of this worker, which serves one model."""


def handle(requests: list[dict[str, Any]] | None, context: Any) -> list[bytes]:
    """TorchServe's entry point: first without requests, to load what the worker serves."""
    if requests is None:
        # The worker writes three lines a request, for a log and for metrics of its own, which the
        # frontend reads and parses: what is measured would be these.
        logging.getLogger().setLevel(logging.WARNING)
        name = context.manifest["model"]["modelName"]
        _handlers[:] = [make_handler(read_settings(os.environ), name)]
        return []
    return _handlers[0].handle(requests, context)
