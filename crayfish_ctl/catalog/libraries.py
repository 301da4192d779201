"""Which libraries an image has: what its folder says, and those of the images that it starts from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pydantic import RootModel

from .model import Runtime
from .values import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from .roots import Roots

FILE: Final = "libraries.yaml"
"""In an image's folder: runtime -> libraries; no part of the image, so it costs no build."""
_BASE: Final = re.compile(r"^ARG\s+\w+=crayfish/([a-z0-9-]+)\s*$", re.MULTILINE)


class Held(RootModel[dict[Runtime, list[Name]]]):
    """images/NAME/libraries.yaml."""


def bases_in(dockerfile: str) -> tuple[str, ...]:
    """The images of a root that a Dockerfile's stages start from."""
    return tuple(_BASE.findall(dockerfile))


def libraries_of(
    roots: Roots, images: Iterable[str], read: Callable[[Path], Held]
) -> dict[Runtime, set[str]]:
    """What some images have together, bases included.

    Args:
        roots: where images are looked for; one that is nowhere has nothing.
        images: their names.
        read: of a file; what it raises is raised here.
    """
    found: dict[Runtime, set[str]] = {}
    left, seen = list(images), set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        dockerfile = roots.find(f"images/{name}/Dockerfile")
        if dockerfile.is_file():
            left += bases_in(dockerfile.read_text(encoding="utf-8"))
        path = roots.find(f"images/{name}/{FILE}")
        if path.is_file():
            for runtime, libraries in read(path).root.items():
                found.setdefault(runtime, set()).update(libraries)
    return found
