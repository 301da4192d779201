"""Is a cell supported? Asked for every cell before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_contract.runconfig import ProducerClient
from crayfish_ctl.catalog import near, unsupported
from crayfish_ctl.errors import CrayfishError

from .model import THREADS_PER_INSTANCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crayfish_contract.runconfig import Options
    from crayfish_ctl.catalog import Catalog, Processor

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


def check_cell(catalog: Catalog, cell: Cell) -> None:
    """Can this processor run this tool with this model, in this pipeline?

    Raises:
        CrayfishError: saying what is missing and why, and what is near it.
    """
    processor, tool = catalog.processor(cell.processor), catalog.tool(cell.tool)
    model = catalog.model(cell.model)
    where = f"configs/processors/{processor.name}.yaml"
    why_not = unsupported(processor, cell.runtime, tool.name)
    if why_not:
        raise CrayfishError(f"{where}: {why_not}", hint=near(catalog, cell.processor, tool.name))
    runtimes = processor.pipelines.get(cell.pipeline, [])
    if cell.runtime not in runtimes:
        there = ", ".join(f"{name} ({', '.join(r)})" for name, r in processor.pipelines.items())
        raise CrayfishError(
            f"{where}: pipelines: {processor.name} has no pipeline {cell.pipeline!r} "
            f"in runtime {cell.runtime}",
            hint=f"it has {there}",
        )
    parallelism = cell.parallelism
    parts = (parallelism.source, parallelism.scorer, parallelism.sink)
    fused = processor.why_fused(parts, chained=parallelism.chained)
    if fused:
        raise CrayfishError(
            f"{where}: fused: {fused}",
            hint="give one number: --parallelism N, without --unchained",
        )
    if tool.model_format is not None and tool.model_format not in model.formats:
        raise CrayfishError(
            f"configs/models/{model.name}.yaml: formats: has no {tool.model_format!r}, "
            f"which tool {tool.name} needs"
        )
    check_options("--tool-option", f"tool {tool.name}", cell.tool_options, tool.options)
    check_options("processor_options", processor.name, cell.processor_options, processor.options)
    check_options("producer_options", "the producer", cell.producer_options, _PRODUCER)
    _check_instances(cell)


def _check_instances(cell: Cell) -> None:
    threads = cell.processor_options.get(THREADS_PER_INSTANCE, 0)
    scorers = cell.parallelism.scorer
    whole = isinstance(threads, int) and not isinstance(threads, bool) and threads >= 0
    if not whole or (threads and scorers % int(threads)):
        raise CrayfishError(
            f"processor_options.{THREADS_PER_INSTANCE}: {threads}: "
            f"{scorers} scorers cannot be divided among instances of so many threads",
            hint=f"give a divisor of the parallelism {scorers}, or 0 for one instance",
        )


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
