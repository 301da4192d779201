"""How a file or a folder is told from another one: as the catalog compares them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, the SHA-256 of its `sha256sum` listing.

    The listing has one line `<digest>  <relative path>` per file, sorted by path:
    `find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum` inside the folder.
    """
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    names = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
    listing = "".join(f"{digest(path / name)}  {name}\n" for name in names)
    return hashlib.sha256(listing.encode()).hexdigest()


def size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
