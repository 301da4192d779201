"""Models that are given by their files: each becomes a model of a root of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crayfish_ctl.catalog import Catalog, load_catalog
from crayfish_ctl.errors import CrayfishError

from .store import temporary_root

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_path(text: str) -> bool:
    """Whether `--model` means a file: names have no suffix and no separator."""
    return "/" in text or bool(Path(text).suffix)


def models_of_files(
    catalog: Catalog, given: Sequence[str], flag: str = "--model "
) -> tuple[Catalog, list[str]]:
    """The catalog with a root for each file among the models that are asked for, and their names.

    Args:
        catalog: of the roots that there are.
        given: names of models, or paths.
        flag: that they were given by, for messages.

    Raises:
        CrayfishError: naming the flag and the file, and what is wrong with it.
    """
    if not any(map(is_path, given)):
        return catalog, list(given)
    cache = catalog.roots.checkout / ".cache" / "models"
    names: list[str] = []
    folders = list(catalog.roots.folders[1:])
    for each in given:
        if not is_path(each):
            names.append(each)
            continue
        try:
            root, name = temporary_root(Path(each), cache, {*catalog.models, *names})
        except CrayfishError as error:
            raise CrayfishError(
                f"{flag}{error.message}"
                if error.message.startswith(each)
                else f"{flag}{each}: {error.message}",
                hint=error.hint,
                code=error.exit_code,
            ) from None
        folders.append(root)
        names.append(name)
    return load_catalog(catalog.roots.checkout, folders), names
