"""ONNX Runtime, embedded.

One intra-op thread by default: parallelism comes from the number of scorers, and a pool of spinning
threads per scorer would take cores that the experiment gave to something else. The spin of idle
threads is off for the same reason (session option `session.intra_op.allow_spinning`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it reports to its makers otherwise
import onnxruntime as ort

from .base import ScorerError, blank_points, check_output, no_options_left

if TYPE_CHECKING:
    from .base import Floats, ModelSpec, Options


class OnnxScorer:
    """Scores with one `InferenceSession` on the CPU."""

    def __init__(self, model: ModelSpec, threads: int) -> None:
        self._model = model
        self._threads = threads
        self._session: Any = None
        self._input = ""
        self._outputs: list[str] = []

    def load(self) -> None:
        """Open the model file and score zeros once."""
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = self._threads
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 3
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = ort.InferenceSession(
                self._model.path, settings, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # noqa: BLE001  ORT's exceptions share no public base class
            raise ScorerError(f"{self._model.path}: not a usable ONNX model: {error}") from None
        self._session = session
        self._input = session.get_inputs()[0].name
        self._outputs = [session.get_outputs()[0].name]
        try:
            output = self.score(blank_points(self._model))
        except Exception as error:  # noqa: BLE001
            raise ScorerError(
                f"{self._model.path}: refuses a point of shape {self._model.input_shape}: {error}"
            ) from None
        check_output(self._model, self._outputs[0], output)

    def score(self, points: Floats) -> Floats:
        """float32[batch, *input_shape] -> float32[batch, *output_shape], one `run` call."""
        output: Floats = self._session.run(self._outputs, {self._input: points})[0]
        return output

    def close(self) -> None:
        """Drop the session."""
        self._session = None


def create(model: ModelSpec, options: Options, address: str | None) -> OnnxScorer:  # noqa: ARG001
    """Option `threads`: intra-op threads of one scorer (default 1)."""
    rest = dict(options)
    threads = rest.pop("threads", 1)
    no_options_left("onnx", rest)
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ScorerError(f"tool onnx: option threads: {threads!r} is not a number of threads")
    return OnnxScorer(model, threads)
