"""Which libraries an image has, those of its bases included, and so which tools run in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pydantic import RootModel

from crayfish_ctl.errors import CrayfishError

from .explain import meant
from .model import RUNTIMES, Runtime
from .values import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from .model import Processor, Tool
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
) -> dict[Runtime, set[str]] | None:
    """What some images have together, bases included.

    Args:
        roots: where images are looked for.
        images: their names.
        read: of a file; what it raises is raised here.

    Returns:
        runtime -> libraries; None if one of the images is nowhere, so that nobody knows.
    """
    found: dict[Runtime, set[str]] = {}
    left, seen = list(images), set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        dockerfile = roots.find(f"images/{name}/Dockerfile")
        if not dockerfile.is_file():
            return None
        left += bases_in(dockerfile.read_text(encoding="utf-8"))
        path = roots.find(f"images/{name}/{FILE}")
        if path.is_file():
            for runtime, libraries in read(path).root.items():
                found.setdefault(runtime, set()).update(libraries)
    return found


def with_tools(
    processor: Processor,
    tools: Mapping[str, Tool],
    libraries: Mapping[Runtime, Collection[str]] | None,
    unreadable: Collection[str] = (),
) -> Processor:
    """The processor with the tools that run in it, and the reasons why others do not.

    Args:
        processor: as its file has it.
        tools: all there are.
        libraries: of its images; None: an image is not there, which is said where it is needed.
        unreadable: tools whose files are there but cannot be read.

    Raises:
        CrayfishError: if its file sets what is computed, or gives a reason for what is none.
    """
    if processor.tools:
        raise CrayfishError(
            f"{processor.file}: tools: is computed",
            hint="leave it out: configs/tools say what each tool needs, images/NAME/libraries.yaml "
            "what an image has",
        )
    _check_reasons(processor, {*tools, *unreadable})
    found: dict[Runtime, list[str]] = {}
    reasons: dict[str, str] = {}
    for runtime in processor.runtimes:
        found[runtime] = []
        for tool in tools.values():
            why_not = _why_not(tool, runtime, libraries)
            if why_not is None:
                found[runtime].append(tool.name)
            else:
                reasons[f"{runtime} {tool.name}"] = why_not
    return processor.with_tools(found, {**reasons, **processor.missing})


def _why_not(
    tool: Tool, runtime: Runtime, libraries: Mapping[Runtime, Collection[str]] | None
) -> str | None:
    if runtime not in tool.needs:
        return tool.missing.get(runtime, f"{tool.file}: needs: says nothing of {runtime}")
    if libraries is None:
        return None
    lacking = [name for name in tool.needs[runtime] if name not in libraries.get(runtime, ())]
    if not lacking:
        return None
    return f"its image has no {', '.join(lacking)}, which {tool.file} needs"


def _check_reasons(processor: Processor, tools: Collection[str]) -> None:
    for gap in processor.missing:
        runtime, _, tool = gap.partition(" ")
        if runtime not in RUNTIMES or (tool and tool not in tools):
            raise CrayfishError(
                f"{processor.file}: missing.{gap}: there is no such runtime or tool"
                f"{meant(tool or runtime, tools if tool else RUNTIMES)}",
                hint="name a runtime (`python`), or a tool in it (`python dl4j`)",
            )
