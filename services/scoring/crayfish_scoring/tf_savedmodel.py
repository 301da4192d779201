"""TensorFlow, embedded: a SavedModel and its signature `serving_default`.

The signature is run by a session and not called as a function. CPU time of one call with one point
of the small model:

- as a function: 340 us, most of it Python;
- `Session.make_callable`: 127 us; it still looks up by name what is fed and fetched each time;
- the same with the single-threaded executor, which hands nothing over to a pool: 86 us;
- with the callable that Keras uses, made once from `CallableOptions`: 26 us.

It takes and gives numpy arrays as they are.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, Final

from .base import ScorerError, blank_points, check_output, no_options_left

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .base import Floats, ModelSpec, Options

_SIGNATURE: Final = "serving_default"
_TAG: Final = "serve"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow's C++ greets on stderr before it looks at its log level; logs are JSON here."""
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with _quiet():
    import tensorflow as tf
    from tensorflow.core.protobuf.config_pb2 import CallableOptions

tf.get_logger().setLevel("ERROR")  # the session's loader is called deprecated, and is what is fast


class SavedModelScorer:
    """Scores with one session on the CPU."""

    def __init__(self, model: ModelSpec, threads: int) -> None:
        self._model = model
        self._threads = threads
        self._session: Any = None
        self._call: Any = None

    def load(self) -> None:
        """Open the model's folder and score zeros once."""
        path = self._model.path
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph, config=self._settings())
        try:
            with graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, [_TAG], path)
            given, answered = _tensors(loaded.signature_def)
            self._call = self._session._make_callable_from_options(  # noqa: SLF001  see above
                CallableOptions(feed=[given.name], fetch=[answered.name])
            )
            shape = graph.get_tensor_by_name(given.name).shape
        except Exception as error:  # noqa: BLE001  they share no public base class
            raise ScorerError(
                f"{path}: not a usable SavedModel with signature {_SIGNATURE}: {error}"
            ) from None
        points = blank_points(self._model)
        try:
            shape.assert_is_compatible_with(points.shape)  # the callable looks at sizes only
            output = self.score(points)
        except Exception as error:  # noqa: BLE001
            raise ScorerError(
                f"{path}: refuses a point of shape {self._model.input_shape}: {error}"
            ) from None
        check_output(self._model, answered.name, output)

    def score(self, points: Floats) -> Floats:
        """float32[batch, *input_shape] -> float32[batch, *output_shape], one run of the graph."""
        output: Floats = self._call(points)[0]
        return output

    def close(self) -> None:
        """Drop the session."""
        self._call = None
        if self._session is not None:
            self._session.close()
            self._session = None

    def _settings(self) -> Any:
        settings = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=self._threads,
            inter_op_parallelism_threads=self._threads,
            use_per_session_threads=True,
        )
        if self._threads == 1:
            settings.experimental.executor_type = "SINGLE_THREADED_EXECUTOR"
        return settings


def _tensors(signatures: Any) -> tuple[Any, Any]:
    """The input and the output of the signature that is called.

    Raises:
        ValueError: with what there is instead.
    """
    if _SIGNATURE not in signatures:
        raise ValueError(f"it has {', '.join(sorted(signatures)) or 'none'}")
    signature = signatures[_SIGNATURE]
    if len(signature.inputs) != 1 or len(signature.outputs) != 1:
        given, answered = (
            ", ".join(sorted(each)) for each in (signature.inputs, signature.outputs)
        )
        raise ValueError(f"it has the inputs {given} and the outputs {answered}, not one of each")
    (point,), (prediction,) = signature.inputs.values(), signature.outputs.values()
    return point, prediction


def create(model: ModelSpec, options: Options, address: str | None) -> SavedModelScorer:  # noqa: ARG001
    """Option `threads`: threads within an operation, and between operations (default 1)."""
    rest = dict(options)
    threads = rest.pop("threads", 1)
    no_options_left("tf-savedmodel", rest)
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ScorerError(
            f"tool tf-savedmodel: option threads: {threads!r} is not a number of threads"
        )
    return SavedModelScorer(model, threads)
