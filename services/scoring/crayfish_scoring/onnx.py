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

from .base import (
    ScorerError,
    blank_points,
    check_input,
    check_output,
    constants_of,
    no_options_left,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .base import ModelSpec, Options, Values


_SESSIONS: Final[WeakValueDictionary[str, Any]] = WeakValueDictionary()
"""Those of one thread, by path: they compute in the thread that calls them, so that all scorers of
a process may use one, and its weights are there once."""
_OPENING: Final = threading.Lock()
_DTYPES: Final = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}
"""As ONNX Runtime calls them."""


class OnnxScorer:
    """Scores with an `InferenceSession` on the CPU."""

    def __init__(self, model: ModelSpec, threads: int) -> None:
        self._model = model
        self._threads = threads
        self._session: Any = None
        self._input = ""
        self._outputs: list[str] = []
        self._constants: dict[str, Values] = {}

    def load(self) -> None:
        """Open the model file and score zeros once."""
        try:
            session = self._open_shared() if self._threads == 1 else self._open()
        except Exception as error:  # noqa: BLE001  ORT's exceptions share no public base class
            raise ScorerError(f"{self._model.path}: not a usable ONNX model: {error}") from None
        self._session = session
        self._constants = constants_of(self._model)
        point = _input(self._model, session.get_inputs(), self._constants)
        answer = _output(self._model, session.get_outputs())
        self._input, self._outputs = point.name, [answer.name]
        check_input(self._model, point.name, _DTYPES.get(point.type, point.type))
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

    def score(self, points: Values) -> Values:
        """[batch, *input_shape] -> [batch, *output_shape], one `run` call."""
        feeds = {self._input: points, **self._constants}
        output: Values = self._session.run(self._outputs, feeds)[0]
        return output

    def close(self) -> None:
        """Drop the session; the last of its scorers frees it."""
        self._session = None


def _input(model: ModelSpec, tensors: Sequence[Any], constants: Mapping[str, Values]) -> Any:
    """The tensor that takes the points: the one that is no constant."""
    path = model.path
    known = {each.name: each for each in tensors}
    for name, value in constants.items():
        if name not in known:
            raise ScorerError(f"{path}: has no input {name!r}; it has {_listed(tensors)}")
        dtype = _DTYPES.get(known[name].type, known[name].type)
        if dtype != str(value.dtype):
            raise ScorerError(f"{path}: input {name} takes {dtype}, its constant is {value.dtype}")
    left = [each for each in tensors if each.name not in constants]
    if len(left) != 1:
        raise ScorerError(
            f"{path}: has {len(left)} inputs ({_listed(left)}), and records carry the points of "
            "one: give the others constants, formats.onnx.constants in the model's config"
        )
    if model.input_name not in {None, left[0].name}:
        raise ScorerError(f"{path}: has no input {model.input_name!r}; it has {_listed(left)}")
    return left[0]


def _output(model: ModelSpec, tensors: Sequence[Any]) -> Any:
    """The tensor that is scored: the one that is named, or the only one."""
    if model.output_name is None:
        if len(tensors) != 1:
            raise ScorerError(
                f"{model.path}: has {len(tensors)} outputs ({_listed(tensors)}): name the one that "
                "is scored, formats.onnx.output in the model's config"
            )
        return tensors[0]
    for each in tensors:
        if each.name == model.output_name:
            return each
    raise ScorerError(
        f"{model.path}: has no output {model.output_name!r}; it has {_listed(tensors)}"
    )


def _listed(tensors: Sequence[Any]) -> str:
    return ", ".join(f"{each.name} {each.type}{each.shape}" for each in tensors)


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
