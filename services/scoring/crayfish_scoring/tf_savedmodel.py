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

from .base import (
    ScorerError,
    blank_points,
    check_input,
    check_output,
    constants_of,
    no_options_left,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .base import ModelSpec, Options, Values

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
        self._constants: list[Values] = []

    def load(self) -> None:
        """Open the model's folder and score zeros once."""
        path = self._model.path
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph, config=self._settings())
        try:
            with graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, [_TAG], path)
            constants = constants_of(self._model)
            given, fixed, answered = _tensors(loaded.signature_def, self._model, list(constants))
            self._constants = list(constants.values())
            # Of several outputs only the one that is scored is fetched, and so computed.
            self._call = self._session._make_callable_from_options(  # noqa: SLF001  see above
                CallableOptions(
                    feed=[given.name, *(each.name for each in fixed)], fetch=[answered.name]
                )
            )
            shape = graph.get_tensor_by_name(given.name).shape
        except Exception as error:  # noqa: BLE001  they share no public base class
            raise ScorerError(
                f"{path}: not a usable SavedModel with signature {_SIGNATURE}: {error}"
            ) from None
        check_input(self._model, given.name, tf.as_dtype(given.dtype).name)
        for (name, value), tensor in zip(constants.items(), fixed, strict=True):
            dtype = tf.as_dtype(tensor.dtype).name
            if dtype != str(value.dtype):
                raise ScorerError(
                    f"{path}: input {name} takes {dtype}, its constant is {value.dtype}"
                )
        points = blank_points(self._model)
        try:
            shape.assert_is_compatible_with(points.shape)  # the callable looks at sizes only
            output = self.score(points)
        except Exception as error:  # noqa: BLE001
            raise ScorerError(
                f"{path}: refuses a point of shape {self._model.input_shape}: {error}"
            ) from None
        check_output(self._model, answered.name, output)

    def score(self, points: Values) -> Values:
        """[batch, *input_shape] -> [batch, *output_shape], one run of the graph."""
        output: Values = self._call(points, *self._constants)[0]
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


def _tensors(signatures: Any, model: ModelSpec, constants: list[str]) -> tuple[Any, list[Any], Any]:
    """The input, the inputs that are constant, and the output of the signature that is called.

    Raises:
        ValueError: with what there is instead.
    """
    if _SIGNATURE not in signatures:
        raise ValueError(f"it has {', '.join(sorted(signatures)) or 'none'}")
    inputs, outputs = signatures[_SIGNATURE].inputs, signatures[_SIGNATURE].outputs
    there = (
        f"it has the inputs {', '.join(sorted(inputs))} and the outputs "
        f"{', '.join(sorted(outputs))}"
    )
    points = [name for name in inputs if name not in constants]
    named = [name for name in outputs if model.output_name in {None, name}]
    missing = sorted(set(constants) - set(inputs))
    if missing:
        raise ValueError(f"no input {missing[0]!r}: {there}")
    if len(points) != 1:
        raise ValueError(
            f"{there}, and records carry the points of one input: give the others constants, "
            "formats.tf-savedmodel.constants in the model's config"
        )
    if model.input_name not in {None, points[0]}:
        raise ValueError(f"no input {model.input_name!r}: {there}")
    if not named:
        raise ValueError(f"no output {model.output_name!r}: {there}")
    if len(named) != 1:
        raise ValueError(
            f"{there}: name the one that is scored, formats.tf-savedmodel.output in the model's "
            "config"
        )
    return inputs[points[0]], [inputs[name] for name in constants], outputs[named[0]]


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
