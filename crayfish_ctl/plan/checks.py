"""Is a cell supported? Asked for every cell before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_contract.runconfig import ProducerClient
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crayfish_contract.runconfig import Options
    from crayfish_ctl.catalog import Model, Processor, Tool

    from .choices import Choices
    from .model import Cell, RunSpec


def check_choices(processor: Processor, choices: Choices) -> None:
    """Flags that hold for every cell.

    Raises:
        CrayfishError: naming the flag or the config file.
    """
    if choices.delivery not in processor.deliveries:
        raise CrayfishError(
            f"configs/processors/{processor.name}.yaml: deliveries: has no {choices.delivery}",
            hint=f"it offers {', '.join(processor.deliveries)}",
        )
    check_options(
        "--processor-option", processor.name, choices.processor_options, processor.options
    )


def check_cell(processor: Processor, tool: Tool, model: Model, cell: Cell) -> None:
    """Can this processor run this tool with this model, in this pipeline?

    Raises:
        CrayfishError: saying which is missing, and what there is.
    """
    where = f"configs/processors/{processor.name}.yaml"
    if cell.runtime not in processor.runtimes:
        raise CrayfishError(
            f"{where}: runtimes: {processor.name} has no runtime {cell.runtime!r}",
            hint=f"it has {', '.join(processor.runtimes)}; choose with --runtime",
        )
    tools = processor.runtimes[cell.runtime]
    if tool.name not in tools:
        raise CrayfishError(
            f"{where}: runtimes.{cell.runtime}: {tool.name} is not supported on {processor.name}",
            hint=f"supported there: {', '.join(tools)}; choose with --tool",
        )
    if cell.pipeline not in processor.pipelines:
        raise CrayfishError(
            f"{where}: pipelines: {processor.name} has no pipeline {cell.pipeline!r}",
            hint=f"it has {', '.join(processor.pipelines)}",
        )
    if tool.model_format is not None and tool.model_format not in model.formats:
        raise CrayfishError(
            f"configs/models/{model.name}.yaml: formats: has no {tool.model_format!r}, "
            f"which tool {tool.name} needs"
        )
    check_options("--tool-option", f"tool {tool.name}", cell.tool_options, tool.options)
    check_options("processor_options", processor.name, cell.processor_options, processor.options)
    check_options("producer_options", "the producer", cell.producer_options, _PRODUCER)


_PRODUCER = dict.fromkeys(ProducerClient.model_fields, 0)


def check_options(flag: str, owner: str, given: Options, known: Iterable[str]) -> None:
    """Are all options known?

    Raises:
        CrayfishError: naming the one that is not, and those there are.
    """
    for name in given:
        if name not in known:
            raise CrayfishError(
                f"{flag} {name}: {owner} has no such option",
                hint=f"it has {', '.join(known) or 'none'}",
            )


def check_faults(run: RunSpec, services: Iterable[str]) -> None:
    """Do the faults hit services that the run has?

    Raises:
        CrayfishError: naming the service, and those there are.
    """
    for fault in run.cell.faults:
        if fault.service not in services:
            raise CrayfishError(
                f"faults: {fault.service}: the stack has no such service",
                hint=f"it has {', '.join(services)}",
            )
