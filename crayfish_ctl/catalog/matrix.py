"""The matrix of supported cells: which tool runs in which runtime of which processor.

It is computed: a tool says which libraries it needs (configs/tools), an image which it has
(images/*/libraries.yaml). What is planned, listed, documented and tested comes from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .load import Catalog
    from .model import Processor, Runtime


class System(NamedTuple):
    """One cell of the matrix."""

    processor: str
    runtime: Runtime
    tool: str


def supported(catalog: Catalog, kind: str | None = None) -> list[System]:
    """Every supported cell, in the catalog's order; of tools of one kind, if it is given."""
    return [
        System(processor.name, runtime, tool)
        for processor in catalog.processors.values()
        for runtime, tools in processor.tools.items()
        for tool in tools
        if kind in {None, catalog.tools[tool].kind}
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
