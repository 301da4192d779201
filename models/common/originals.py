# mypy: disable-error-code="import-not-found, import-untyped"
"""Models as their own framework has them: what goes in, what comes out, and how ONNX is made of it.

The conversion itself is tf2onnx's.
"""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .words import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Values = NDArray[Any]
    Named = Mapping[str, Values]

_OPSET: Final = 17
"""As our own files have it: older runtimes read it, too."""


class ConversionError(Exception):
    """The message says why there is no ONNX file."""


@dataclass(frozen=True)
class Entry:
    """An input."""

    dtype: str
    """As TensorFlow calls it; numbers and bools as NumPy does."""
    shape: tuple[int | None, ...] | None
    """With the batch first; None: free, or as a whole unknown."""

    def __str__(self) -> str:
        sizes = "..." if self.shape is None else ", ".join(str(s or "?") for s in self.shape)
        return f"{self.dtype}[{sizes}]"


@dataclass(frozen=True)
class Original:
    """A model that was loaded."""

    framework: str
    inputs: Mapping[str, Entry]
    ask: Callable[[Named], Named]
    """Every input by its name -> every output by its name."""
    write: Callable[[Path], None]
    """Write the ONNX file; raises whatever the converter raises."""


def keras(path: Path) -> Original:
    """A .h5 of Keras 2."""
    import tf2onnx
    import tf_keras

    model = tf_keras.models.load_model(path, compile=False)
    if not model.inputs:
        raise ConversionError("does not say the shape of its input: save it after it was called")

    def ask(given: Named) -> Named:
        arrays = [given[each.name] for each in model.inputs]
        found = model(arrays if len(arrays) > 1 else arrays[0], training=False)
        several = found if isinstance(found, list | tuple) else [found]
        return dict(zip(model.output_names, (each.numpy() for each in several), strict=True))

    def write(out: Path) -> None:
        _collect_often()
        tf2onnx.convert.from_keras(model, opset=_OPSET, output_path=str(out))

    inputs = {each.name: _entry(each) for each in model.inputs}
    return Original(f"Keras {tf_keras.__version__}", inputs, ask, write)


def savedmodel(path: Path) -> Original:
    """A folder, by its signature `serving_default`."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures["serving_default"]

    def ask(given: Named, _held: object = loaded) -> Named:  # the signature holds it weakly
        found = signature(**{name: tf.constant(array) for name, array in given.items()})
        return {name: each.numpy() for name, each in found.items()}

    inputs = {n: _entry(each) for n, each in signature.structured_input_signature[1].items()}
    return Original(f"TensorFlow {tf.__version__}", inputs, ask, lambda out: _of_folder(path, out))


def _of_folder(path: Path, out: Path) -> None:
    """By tf2onnx's command: names of tensors become those of the signature nowhere else."""
    command = ["--saved-model", str(path), "--tag", "serve", "--signature_def", "serving_default"]
    command += ["--opset", str(_OPSET), "--output", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import tf2onnx_command as run; run()", *command],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        raise MemoryError
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise ConversionError(f"tf2onnx cannot convert it: {said[-1]}")


def tf2onnx_command() -> None:
    """What `python -m tf2onnx.convert` does, in less memory."""
    from tf2onnx import convert

    _collect_often()
    convert.main()


def _collect_often() -> None:
    """Remove at once what tf2onnx leaves behind: copies of the whole graph, which hold themselves.

    By its own measure Python's collector would hardly ever do so, with as many objects as
    TensorFlow has. ResNet50 (103 MB) needs 2.8 GB in the place of more than 6.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200, 1, 1)


def _entry(tensor: Any) -> Entry:
    shape = None if tensor.shape.rank is None else tuple(tensor.shape.as_list())
    return Entry(tensor.dtype.name, shape)


OPEN: Final[Mapping[str, Callable[[Path], Original]]] = {
    "keras-h5": keras,
    "tf-savedmodel": savedmodel,
}
"""By format, as a model's config calls it."""


def onnx_file(path: Path, inputs: Sequence[str]) -> tuple[Callable[[Named], Named], str]:
    """How a file is asked, and by whom; it is a whole and valid one.

    Args:
        path: of the file.
        inputs: as the original calls them, in its order. Those that the converter has found to be
            of no use are not in the file.
    """
    import onnx
    import onnxruntime

    try:
        onnx.checker.check_model(str(path), full_check=True)
    except onnx.checker.ValidationError as error:  # tf2onnx leaves what it does not know as it is
        raise ConversionError(
            f"ONNX does not have all its operators: {first_line(error)}"
        ) from None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    answers = [each.name for each in session.get_outputs()]
    called = names if set(names) <= set(inputs) else inputs

    def ask(given: Named) -> Named:
        fed = {name: given[own] for name, own in zip(names, called, strict=True)}
        return dict(zip(answers, session.run(None, fed), strict=True))

    return ask, f"ONNX Runtime {onnxruntime.__version__}"
