"""Results that an experiment holds and does not count: set aside, never thrown away."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from crayfish_ctl.results import RUN_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crayfish_ctl.results import RunResult

SUPERSEDED = "superseded"
"""Folder of results that an experiment holds and does not count."""
_RUN_FOLDER = re.compile(r"\d+-")


def set_aside(folder: Path, run_id: str) -> None:
    """Make room for a run: results that were chosen by others are kept, half ones are not."""
    old = folder / run_id
    if not (old / RUN_FILE).is_file():
        shutil.rmtree(old, ignore_errors=True)
        return
    number = 1
    while (place := folder / SUPERSEDED / f"{run_id}.{number}").exists():
        number += 1
    place.parent.mkdir(exist_ok=True)
    old.rename(place)


def set_incomplete_aside(folder: Path, kept: Mapping[str, RunResult]) -> list[str]:
    """Remove half-written files and scratch folders, set runs aside that do not count.

    Returns:
        The names of the runs.
    """
    again = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".render-"):
            shutil.rmtree(path)
        elif path.is_dir() and _RUN_FOLDER.match(path.name) and path.name not in kept:
            set_aside(folder, path.name)
            again.append(path.name)
        elif path.suffix == ".tmp":
            path.unlink()
    return again
