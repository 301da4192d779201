"""ONNX Runtime, embedded.

One intra-op thread by default: parallelism comes from the number of scorers, and a pool of spinning
threads per scorer would take cores that the experiment gave to something else. The spin of idle
threads is off for the same reason (session option `session.intra_op.allow_spinning`).
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it reports to its makers otherwise
import onnxruntime as ort

from .base import ScorerError, blank_points, check_output, no_options_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import Floats, ModelSpec, Options


_SESSIONS: Final[WeakValueDictionary[str, Any]] = WeakValueDictionary()
"""Those of one thread, by path: they compute in the thread that calls them, so that all scorers of
a process may use one, and its weights are there once."""
_OPENING: Final = threading.Lock()


class OnnxScorer:
    """Scores with an `InferenceSession` on the CPU."""

    def __init__(self, model: ModelSpec, threads: int) -> None:
        self._model = model
        self._threads = threads
        self._session: Any = None
        self._input = ""
        self._outputs: list[str] = []

    def load(self) -> None:
        """Open the model file and score zeros once."""
        try:
            session = self._open_shared() if self._threads == 1 else self._open()
        except Exception as error:  # noqa: BLE001  ORT's exceptions share no public base class
            raise ScorerError(f"{self._model.path}: not a usable ONNX model: {error}") from None
        self._session = session
        point = _chosen(self._model.path, "input", session.get_inputs(), self._model.input_name)
        answer = _chosen(self._model.path, "output", session.get_outputs(), self._model.output_name)
        self._input, self._outputs = point.name, [answer.name]
        batch = _points_per_call(self._model, point)
        try:
            output = self.score(blank_points(self._model, batch))
        except Exception as error:  # noqa: BLE001
            raise ScorerError(
                f"{self._model.path}: refuses a point of shape {self._model.input_shape}: {error}"
            ) from None
        check_output(self._model, self._outputs[0], output, batch)

    def _open_shared(self) -> Any:
        with _OPENING:
            session = _SESSIONS.get(self._model.path)
            if session is None:
                session = _SESSIONS[self._model.path] = self._open()
            return session

    def _open(self) -> Any:
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = self._threads
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 3
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return ort.InferenceSession(self._model.path, settings, providers=["CPUExecutionProvider"])

    @property
    def tensors(self) -> tuple[str, str]:
        """Names of the input and of the output, once it is loaded."""
        return self._input, self._outputs[0]

    def score(self, points: Floats) -> Floats:
        """float32[batch, *input_shape] -> float32[batch, *output_shape], one `run` call."""
        output: Floats = self._session.run(self._outputs, {self._input: points})[0]
        return output

    def close(self) -> None:
        """Drop the session; the last of its scorers frees it."""
        self._session = None


def _chosen(path: str, what: str, tensors: Sequence[Any], name: str | None) -> Any:
    """The tensor of this name, or the only one."""
    listed = ", ".join(f"{each.name} {each.type}{each.shape}" for each in tensors)
    if what == "input" and len(tensors) != 1:
        raise ScorerError(
            f"{path}: has {len(tensors)} inputs ({listed}), and records carry the points of one"
        )
    if name is None:
        if len(tensors) != 1:
            raise ScorerError(
                f"{path}: has {len(tensors)} outputs ({listed}): name the one that is scored, "
                "formats.onnx.output in the model's config"
            )
        return tensors[0]
    for each in tensors:
        if each.name == name:
            return each
    raise ScorerError(f"{path}: has no {what} {name!r}; it has {listed}")


def _points_per_call(model: ModelSpec, point: Any) -> int:
    """How many the file takes, which must be how many it gets; 1 where any number will do."""
    fixed = point.shape[0] if point.shape else None
    if not isinstance(fixed, int):
        return 1
    if model.batch not in {None, fixed}:
        points = "point" if fixed == 1 else "points"
        raise ScorerError(
            f"{model.path}: takes {fixed} {points} per call (dimension 0 of {point.name} is "
            f"{fixed}), the workload sends {model.batch}: export it with a "
            f"dynamic batch dimension, or --batch {fixed}"
        )
    return fixed


def create(model: ModelSpec, options: Options, address: str | None) -> OnnxScorer:  # noqa: ARG001
    """Option `threads`: intra-op threads of one scorer (default 1)."""
    rest = dict(options)
    threads = rest.pop("threads", 1)
    no_options_left("onnx", rest)
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ScorerError(f"tool onnx: option threads: {threads!r} is not a number of threads")
    return OnnxScorer(model, threads)
