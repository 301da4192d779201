"""The matrix of supported cells: which tool runs in which runtime of which processor.

It is computed: a tool says which libraries it needs (configs/tools), an image which it has
(images/*/libraries.yaml). What is planned, listed, documented and tested comes from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

from crayfish_ctl.errors import CrayfishError

from .explain import meant
from .model import Runtime

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .load import Catalog
    from .model import Processor, Tool

RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)


class System(NamedTuple):
    """One cell of the matrix."""

    processor: str
    runtime: Runtime
    tool: str


def with_tools(
    processor: Processor,
    tools: Mapping[str, Tool],
    libraries: Mapping[Runtime, Collection[str]],
    unreadable: Collection[str] = (),
) -> Processor:
    """The processor with the tools that run in it, and the reasons why others do not.

    Args:
        processor: as its file has it.
        tools: all there are.
        libraries: of its images.
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
            why_not = _why_not(tool, runtime, libraries.get(runtime, ()))
            if why_not is None:
                found[runtime].append(tool.name)
            else:
                reasons[f"{runtime} {tool.name}"] = why_not
    return processor.with_tools(found, {**reasons, **processor.missing})


def _why_not(tool: Tool, runtime: Runtime, libraries: Collection[str]) -> str | None:
    if runtime not in tool.needs:
        return tool.missing.get(runtime, f"{tool.file}: needs: says nothing of {runtime}")
    lacking = [name for name in tool.needs[runtime] if name not in libraries]
    return f"its image has no {', '.join(lacking)}" if lacking else None


def _check_reasons(processor: Processor, tools: Collection[str]) -> None:
    for gap in processor.missing:
        runtime, _, tool = gap.partition(" ")
        if runtime not in RUNTIMES or (tool and tool not in tools):
            raise CrayfishError(
                f"{processor.file}: missing.{gap}: there is no such runtime or tool"
                f"{meant(tool or runtime, tools if tool else RUNTIMES)}",
                hint="name a runtime (`python`), or a tool in it (`python dl4j`)",
            )


def supported(catalog: Catalog) -> list[System]:
    """Every supported cell, in the catalog's order."""
    return [
        System(processor.name, runtime, tool)
        for processor in catalog.processors.values()
        for runtime, tools in processor.tools.items()
        for tool in tools
    ]


def unsupported(processor: Processor, runtime: str, tool: str) -> str | None:
    """Why a cell is not supported, in words; None if it is."""
    if runtime not in processor.tools:
        what, reason = f"no runtime {runtime!r}", processor.missing.get(runtime)
    elif tool not in dict(processor.tools)[runtime]:
        what = f"no tool {tool!r} in runtime {runtime}"
        reason = processor.missing.get(f"{runtime} {tool}")
    else:
        return None
    return f"{processor.name} has {what}{f': {reason}' if reason else ''}"


def near(catalog: Catalog, processor: str, tool: str) -> str:
    """What somebody who asked for an unsupported cell may want instead."""
    cells = supported(catalog)
    here = [f"{c.runtime} {c.tool}" for c in cells if c.processor == processor]
    there = [f"{c.processor} {c.runtime}" for c in cells if c.tool == tool]
    hint = f"{processor} has: {', '.join(here)}"
    return f"{hint}; {tool} runs on: {', '.join(there)}" if there else hint
