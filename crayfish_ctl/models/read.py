"""A path -> what the model there says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog.files import is_pointer
from crayfish_ctl.errors import CrayfishError

from .keras import read_keras
from .onnx import read_onnx
from .savedmodel import FILE, read_savedmodel
from .torchscript import read_torchscript

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .facts import Facts

READERS: Final[dict[str, Callable[[Path], Facts]]] = {
    "onnx": read_onnx,
    "tf-savedmodel": read_savedmodel,
    "keras-h5": read_keras,
    "torchscript": read_torchscript,
}
"""By format, as a model's config calls it."""
_SUFFIXES: Final = {
    ".onnx": "onnx",
    ".h5": "keras-h5",
    ".hdf5": "keras-h5",
    ".keras": "keras-h5",
    ".pt": "torchscript",
    ".pth": "torchscript",
    ".torchscript": "torchscript",
}
KINDS: Final = ".onnx, .h5, .pt, or the folder of a SavedModel"


def read_model_file(path: Path) -> Facts:
    """What a model's file or folder says; its format by its name.

    Raises:
        CrayfishError: naming the file, what it is instead of a model, and what would mend it.
    """
    if not path.exists():
        raise CrayfishError(f"{path}: is not there")
    if path.is_dir():
        if not (path / FILE).is_file():
            raise CrayfishError(f"{path}: is a folder without {FILE}", hint=f"a model is {KINDS}")
        return read_format(path, "tf-savedmodel")
    if path.name == FILE:
        return read_format(path.parent, "tf-savedmodel")
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise CrayfishError(
            f"{path}: a model's file does not end in {path.suffix or 'nothing'!r}",
            hint=f"a model is {KINDS}",
        )
    return read_format(path, found)


def read_format(path: Path, model_format: str) -> Facts:
    """The same, of a format that is known.

    Raises:
        CrayfishError: if the file is empty, a pointer, or not of this format.
    """
    file = path / FILE if path.is_dir() else path
    try:
        if file.stat().st_size == 0:
            raise CrayfishError(f"{file}: is empty")
        if is_pointer(file):
            raise CrayfishError(
                f"{file}: is a Git LFS pointer of {file.stat().st_size} bytes, not the model",
                hint="git lfs pull fetches it",
            )
        return READERS[model_format](path)
    except OSError as error:
        raise CrayfishError(f"{file}: {error.strerror or error}") from None
