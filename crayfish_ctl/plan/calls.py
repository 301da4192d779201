"""Which call modes a processor has for a tool, and where a user's own server may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.cells import pipeline_of
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crayfish_ctl.catalog import Processor, Tool
    from crayfish_ctl.catalog.call import CallEntry

    from .model import Call, Cell


def why_no_call(
    processor: Processor, tool: Tool, runtime: str, pipeline: str, calls: Sequence[CallEntry | Call]
) -> str | None:
    """Why a workload's call modes cannot be, in words; None if they can."""
    for call in calls:
        if call.mode == "batched" and not pipeline_of(pipeline).processor:
            return (
                f"pipeline {pipeline} has no call mode batched: there are no records to put "
                "together, and batch_size says how many points a call has"
            )
        if call.mode == "blocking":
            continue
        if call.mode == "async" and tool.kind == "embedded":
            return (
                f"call async: {tool.name} computes in the processor itself, so there is nothing to "
                "wait for"
            )
        known = dict(processor.calls).get(runtime, {})  # type: ignore[call-overload]
        if call.mode not in known:
            there = ", ".join(["blocking", *known])
            return (
                f"{processor.name} has no call mode {call.mode} in runtime {runtime}: it has "
                f"{there}"
            )
    return None


def check_call(where: str, processor: Processor, tool: Tool, cell: Cell) -> None:
    """Can records reach the model so, with these options?

    Raises:
        CrayfishError: naming workload, processor and what is in the way.
    """
    why_not = why_no_call(processor, tool, cell.runtime, cell.pipeline, [cell.call])
    if why_not:
        raise CrayfishError(
            f"{where}: call: {why_not}", hint="choose another --call, tool, or processor"
        )
    for name, value in processor.needed_for(cell.runtime, cell.call.mode).items():
        if cell.processor_options.get(name) != value:
            raise CrayfishError(
                f"{where}: processor_options.{name}: {cell.processor_options.get(name)}: call mode "
                f"{cell.call.mode} needs {value} in {processor.name}, runtime {cell.runtime}",
                hint=f"leave it out, or give {name}={value}",
            )
    if tool.kind == "external" and tool.address is None:
        raise CrayfishError(
            f"{where}: {tool.file}: address: is not there: {tool.name} speaks to a server that you "
            "have already, and nobody says where",
            hint=f"--server {tool.name}=HOST:PORT",
        )


def parse_servers(texts: Iterable[str]) -> dict[str, str]:
    """`TOOL=HOST:PORT`.

    Raises:
        CrayfishError: if one has another form.
    """
    found: dict[str, str] = {}
    for text in texts:
        tool, sign, address = text.partition("=")
        if not sign or not tool.strip() or not address.strip():
            raise CrayfishError(f"--server {text}: not of the form TOOL=HOST:PORT")
        found[tool.strip()] = address.strip()
    return found
