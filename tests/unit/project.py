"""A copy of what the controller reads, to be changed by a test."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT: Final = Path(__file__).parents[2]
PARTS: Final = ("configs", "models", "compose", "images")


def copy_project(folder: Path, parts: Iterable[str] = PARTS) -> Path:
    """Without the models that were made here: gigabytes, and others have not made them."""
    for part in parts:
        skip = shutil.ignore_patterns("data", ".*") if part == "models" else None
        shutil.copytree(ROOT / part, folder / part, ignore=skip)
    return folder
