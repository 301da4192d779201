"""A model's files and its config, written into a root: all of it, or nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.errors import CrayfishError, ExitCode

from .describe import as_yaml, describe, name_of_file, stored_name
from .read import read_model_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .facts import Facts

_FOLDER: Final = 0o755
_FILE: Final = 0o644
"""The containers' users read them, whatever the caller's umask is."""
_DIGITS: Final = 16


def store(facts: Facts, config: Mapping[str, Any], root: Path) -> Path:
    """Copy a model's files to models/NAME of a root, and write its config, whose path is returned.

    Raises:
        CrayfishError: if one of the two is there already, or cannot be written.
    """
    name = str(config["name"])
    folder, described = root / "models" / name, root / "configs" / "models" / f"{name}.yaml"
    for path in (folder, described):
        if path.exists():
            raise CrayfishError(
                f"{path}: is there already, and nothing is overwritten",
                hint="give another name with --name, or remove it first",
            )
    try:
        if not folder.parent.is_dir():
            folder.parent.mkdir(parents=True)
            folder.parent.chmod(_FOLDER)
        described.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}-") as scratch:
            made = Path(scratch) / name
            made.mkdir()
            _copy(facts, made)
            made.rename(folder)
        described.write_text(as_yaml(config), encoding="utf-8")
        described.chmod(_FILE)
    except OSError as error:
        raise CrayfishError(
            f"{error.filename or root}: {error.strerror or error}", code=ExitCode.HOST
        ) from None
    return described


def _copy(facts: Facts, folder: Path) -> None:
    target = folder / stored_name(facts)
    if facts.path.is_dir():
        shutil.copytree(facts.path, target)
    else:
        shutil.copyfile(facts.path, target)
    for name in facts.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(facts.path.parent / name, folder / name)
    for path in (folder, *folder.rglob("*")):
        path.chmod(_FOLDER if path.is_dir() else _FILE)


def temporary_root(path: Path, cache: Path, taken: Collection[str]) -> tuple[Path, str]:
    """A root that holds one model, made of its file, and the model's name.

    The same file makes the same root again, so an experiment that goes on finds it.

    Args:
        path: of the model's file or folder.
        cache: where such roots lie.
        taken: names that other models have.

    Raises:
        CrayfishError: if the file cannot be run, or does not say its shapes.
    """
    facts = read_model_file(path)
    name = name_of_file(facts.path)
    config = describe(facts, name)
    key = hashlib.sha256(as_yaml(config).encode()).hexdigest()[:_DIGITS]
    if name in taken:
        name = f"{name[:23].rstrip('-')}-{key}"
        config = describe(facts, name)
    root = cache / key
    if (root / "configs" / "models" / f"{name}.yaml").is_file():
        return root, name
    if root.exists():  # made when the name was free, or taken
        shutil.rmtree(root)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".") as scratch:
        made = Path(scratch) / key
        store(facts, config, made)
        os.replace(made, root)  # noqa: PTH105  over an empty folder, too
    return root, name
