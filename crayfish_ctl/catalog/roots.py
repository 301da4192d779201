"""The folders that what exists is read from: the checkout, and those of others, laid out alike.

A root has configs/, compose/, images/, models/ and tools/, each of them optional in all but the
checkout. A name means one thing, so no two roots may have a file of the same name.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

from .files import digest

if TYPE_CHECKING:
    from collections.abc import Iterable

PATH_VARIABLE: Final = "CRAYFISH_PATH"
"""Further roots, separated as in $PATH, for who gives none by `--with`."""
_PARTS: Final = ("configs", "compose", "images", "models", "tools")
_NAMED: Final = ("configs/*/*.yaml", "compose/*.yaml", "images/*/Dockerfile", "tools/*.py")


@dataclass(frozen=True)
class Roots:
    """The checkout, and the folders beside it."""

    folders: tuple[Path, ...]
    """The checkout first."""

    @property
    def checkout(self) -> Path:
        """Where the sources of Crayfish itself are."""
        return self.folders[0]

    def glob(self, pattern: str) -> list[Path]:
        """The files of all roots that match; hidden ones are an editor's, and left alone."""
        return [
            path
            for root in self.folders
            for path in sorted(root.glob(pattern))
            if not path.name.startswith(".")
        ]

    def find(self, path: str) -> Path:
        """The file of this path in the root that has it; in the checkout, if none does."""
        return next((r / path for r in self.folders if (r / path).exists()), self.checkout / path)

    def fragment(self, name: str) -> Path:
        """A fragment of compose/."""
        return self.find(f"compose/{name}.yaml")

    def home(self, path: Path) -> Path:
        """The root that a file was found in: the innermost, if one lies within another."""
        inside = (root for root in self.folders if path.is_relative_to(root))
        return max(inside, key=lambda root: len(root.parts))

    def shown(self, path: Path) -> str:
        """A file as messages name it: those of the checkout relative to it."""
        inside = path.is_relative_to(self.checkout)
        return str(path.relative_to(self.checkout)) if inside else str(path)


def open_roots(checkout: Path, more: Iterable[Path] = ()) -> Roots:
    """The checkout and others, each once.

    Raises:
        CrayfishError: naming one that is no root, or two files of one name.
    """
    folders = [checkout]
    seen = {checkout.resolve()}
    for each in more:
        folder = each.resolve()
        if folder in seen:
            continue
        seen.add(folder)
        if not folder.is_dir():
            raise CrayfishError(
                f"{each}: not a folder", hint="--with and $CRAYFISH_PATH name folders"
            )
        if not any((folder / part).is_dir() for part in _PARTS):
            raise CrayfishError(
                f"{each}: has none of {', '.join(f'{part}/' for part in _PARTS)}",
                hint="a root is laid out as the checkout is: docs/extending.md",
            )
        folders.append(folder)
    roots = Roots(tuple(folders))
    _check_names(roots)
    return roots


def _check_names(roots: Roots) -> None:
    first: dict[Path, Path] = {}
    for pattern in _NAMED:
        for path in roots.glob(pattern):
            name = path.relative_to(roots.home(path))
            other = first.setdefault(name, path)
            if other != path:
                raise CrayfishError(
                    f"{path}: {other} has the same name, and a name means one thing",
                    hint="call yours otherwise",
                )


def roots_of_environment() -> list[Path]:
    """Those that $CRAYFISH_PATH names."""
    return [Path(each) for each in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if each]


def root_digest(root: Path, models: Iterable[Path]) -> str:
    """SHA-256 over what a root says, by path and content: all of it but models/.

    Args:
        root: the folder.
        models: files and folders of its models/ that count as well; others may be gigabytes.
    """
    found = hashlib.sha256()
    named = [
        path
        for part in _PARTS
        if part != "models"
        for path in (root / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    for path in sorted({*named, *models}):
        found.update(f"{digest(path)}  {path.relative_to(root)}\n".encode())
    return found.hexdigest()
