"""Are a model's files the ones that its config describes?"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Model


def check_model_files(root: Path, model: Model, model_format: str | None) -> None:
    """Compare the files that a run needs with the digests in the model's config.

    Raises:
        CrayfishError: naming a file that is missing, outside models/, or not the one described.
    """
    config = f"configs/models/{model.name}.yaml"
    for field, path, sha256 in _needed(model, model_format):
        if Path(path).parts[:1] != ("models",) or ".." in Path(path).parts:
            raise CrayfishError(
                f"{config}: {field}.path: {path} does not lie in models/",
                hint="containers see models/ and nothing else",
            )
        if not (root / path).exists():
            raise CrayfishError(f"{config}: {field}.path: {root / path} is not there")
        if sha256 is not None and digest(root / path) != sha256:
            raise CrayfishError(
                f"{root / path}: is not the file that {config} describes ({field}.sha256 differs)",
                hint="restore it; if you changed it on purpose, remove or renew the sha256",
            )


def _needed(model: Model, model_format: str | None) -> Iterator[tuple[str, str, str | None]]:
    if model_format is not None:
        file = model.formats[model_format]
        yield f"formats.{model_format}", file.path, file.sha256
    if model.points is not None:
        yield "points", model.points.path, model.points.sha256
    if model.reference is not None:
        yield "reference", model.reference.path, model.reference.sha256


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, that of its sorted `sha256sum` listing."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    names = sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())
    lines = "".join(f"{digest(path / name)}  {name}\n" for name in names)
    return hashlib.sha256(lines.encode()).hexdigest()
