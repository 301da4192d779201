"""Are a model's files there, where containers can read them, and the ones that are described?"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .model import Model

_POINTER: Final = b"version https://git-lfs"
_FOLDER_FORMATS: Final = frozenset({"tf-savedmodel"})
_FILE_FORMATS: Final = frozenset({"onnx", "keras-h5", "torchscript", "npz"})
"""Others may be either."""


def check_model_files(root: Path, model: Model, model_format: str | None) -> None:
    """Look at the files that a run needs, and compare them with the digests in the model's config.

    Raises:
        CrayfishError: naming a file that is missing, outside models/, no model, or not the one
            described.
    """
    config = model.file
    for field, path, sha256 in _needed(model, model_format):
        where = f"{config}: {field}.path"
        if Path(path).parts[:1] != ("models",) or ".." in Path(path).parts:
            raise CrayfishError(
                f"{where}: {path} does not lie in models/",
                hint="containers see models/ and nothing else",
            )
        if model.made_by is not None and not (root / path).exists():
            raise CrayfishError(
                f"{where}: {path} is not made",
                hint=f"`crayfish models make {model.name}` makes it ({model.made_by.words})",
            )
        check_there(where, root, root / path)
        if field not in {"points", "reference"}:
            _check_kind(where, root / path, str(model_format))
        if sha256 is not None and digest(root / path) != sha256:
            raise CrayfishError(
                f"{root / path}: is not the file that {config} describes ({field}.sha256 differs)",
                hint="restore it; if you changed it on purpose, remove or renew the sha256"
                if model.made_by is None
                else f"`crayfish models make {model.name} --again` makes it anew",
            )


def check_there(where: str, root: Path, path: Path) -> None:
    """Every file is there and real, within what containers see.

    Raises:
        CrayfishError: naming the file, and what it is instead.
    """
    if not path.exists():
        raise CrayfishError(f"{where}: {path} is not there")
    models = (root / "models").resolve()
    files = sorted(path.rglob("*")) if path.is_dir() else []
    for each in (path, *files):
        if not each.resolve().is_relative_to(models):
            raise CrayfishError(
                f"{where}: {each}: a link leads out of models/, to {each.resolve()}",
                hint="containers see models/ and nothing else: copy the file, or bind-mount its "
                "folder there",
            )
        if each.is_file() and each.stat().st_size == 0 and each == path:
            raise CrayfishError(f"{where}: {each}: is empty")
        if each.is_file() and is_pointer(each):
            raise CrayfishError(
                f"{where}: {each}: is a Git LFS pointer of {each.stat().st_size} bytes, not the "
                "file itself",
                hint="git lfs pull fetches it",
            )
    if path.is_dir() and not any(each.is_file() for each in files):
        raise CrayfishError(f"{where}: {path}: is an empty folder")


def is_pointer(path: Path) -> bool:
    """Whether Git LFS left its note in the place of the file."""
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def _check_kind(where: str, path: Path, model_format: str) -> None:
    if model_format in _FILE_FORMATS and path.is_dir():
        raise CrayfishError(f"{where}: {path}: is a folder, {model_format} is a file")
    if model_format in _FOLDER_FORMATS and not path.is_dir():
        raise CrayfishError(
            f"{where}: {path}: is a file, {model_format} is a folder with saved_model.pb in it"
        )


def _needed(model: Model, model_format: str | None) -> Iterator[tuple[str, str, str | None]]:
    if model_format is not None:
        file = model.formats[model_format]
        yield f"formats.{model_format}", file.path, file.sha256
        for name, sha256 in file.weights.items():
            beside = str(Path(file.path).parent / name)
            yield f"formats.{model_format}.weights.{name}", beside, sha256
    if model.points is not None:
        yield "points", model.points.path, model.points.sha256
    if model.reference is not None:
        yield "reference", model.reference.path, model.reference.sha256


def model_files(model: Model, formats: Iterable[str | None]) -> list[str]:
    """Paths of the files and folders of a model that runs with these formats read, in its root."""
    known = {path for each in formats for _, path, _ in _needed(model, each)}
    return sorted(known)


def bytes_of(path: Path) -> int:
    """Of a file, or of all files of a folder."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, that of its sorted `sha256sum` listing."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    names = sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())
    lines = "".join(f"{digest(path / name)}  {name}\n" for name in names)
    return hashlib.sha256(lines.encode()).hexdigest()
