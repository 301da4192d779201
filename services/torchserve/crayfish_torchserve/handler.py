"""What TorchServe calls in each worker, of either model: `handle` is its entry point."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from ts.utils.util import PredictionException

from crayfish_serving import NOOP, ExecutionSizes, Settings, keep_telling, read_settings

from .bodies import CODECS, BodyError, Codec, answer_all
from .metrics import teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bodies import Values

    Score = Callable[[Values], Values]

_BAD_REQUEST = 400
_log = logging.getLogger(__name__)


class Handler:
    """Scores the requests that TorchServe put together in one forward call."""

    def __init__(self, codec: Codec, score: Score, sizes: ExecutionSizes | None = None) -> None:
        """Of one model.

        Args:
            codec: how bodies are read.
            score: one forward call.
            sizes: where executions are counted by their size, if they are.
        """
        self._codec = codec
        self._score = score
        self._sizes = sizes

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
        if self._sizes:
            self._sizes.add(len(answers) - len(refused))
        for index, error in refused:
            _log.warning("a request was refused: %s", error)
            context.set_response_status(_BAD_REQUEST, str(error), index)
        return [b"" if isinstance(each, BodyError) else each for each in answers]


def make_handler(settings: Settings, name: str, sizes: ExecutionSizes | None = None) -> Handler:
    """The handler of a model, which is loaded; `noop` answers zeros and loads nothing."""
    model = settings.model
    make = CODECS[settings.choice("handler", tuple(CODECS))]
    codec = make(model.input_shape, model.input_dtype)
    if name == NOOP:
        shape, dtype = model.output_shape, model.output_dtype
        return Handler(codec, lambda points: np.zeros((len(points), *shape), dtype), sizes)
    from .model import load  # noqa: PLC0415  the other model needs no PyTorch

    return Handler(codec, load(model, settings.whole("threads", 1, 1, 1024)), sizes)


_handlers: list[Handler] = []
"""The one of this worker, which serves one model."""


def handle(requests: list[dict[str, Any]] | None, context: Any) -> list[bytes]:
    """TorchServe's entry point: first without requests, to load what the worker serves."""
    if requests is None:
        # The worker writes three lines a request, for a log and for metrics of its own, which the
        # frontend reads and parses: what is measured would be these.
        logging.getLogger().setLevel(logging.WARNING)
        name = context.manifest["model"]["modelName"]
        settings = read_settings(os.environ)
        most = settings.whole("batch_size", 1, 1, 4096)
        # Where each execution has one request, there is nothing to count.
        sizes = ExecutionSizes(most) if most > 1 else None
        _handlers[:] = [make_handler(settings, name, sizes)]
        if sizes:
            keep_telling(sizes, teller(name))
        return []
    return _handlers[0].handle(requests, context)
