"""Is a cell supported? Asked for every cell before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from crayfish_contract.runconfig import ProducerClient
from crayfish_ctl.catalog import near, unsupported
from crayfish_ctl.catalog.explain import explain, meant
from crayfish_ctl.catalog.model import THREADS_PER_INSTANCE, WORKERS
from crayfish_ctl.catalog.values import shown
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import CONVERTIBLE

from .calls import check_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.catalog import Catalog, Processor, WorkloadEntry
    from crayfish_ctl.catalog.option import Option
    from crayfish_ctl.catalog.values import Options

    from .choices import Choices
    from .model import Cell, RunSpec
    from .plan import Plan


def check_choices(processor: Processor, choices: Choices) -> None:
    """Flags that hold for every cell.

    Raises:
        CrayfishError: naming the flag or the config file.
    """
    if choices.delivery not in processor.deliveries:
        raise CrayfishError(
            f"--delivery {choices.delivery}: {processor.file}: "
            f"deliveries: has no {choices.delivery}",
            hint=f"it offers {', '.join(processor.deliveries)}",
        )
    check_options(
        "--processor-option", processor.name, choices.processor_options, processor.options
    )


def check_cell(catalog: Catalog, plan: Plan, run: RunSpec) -> None:
    """Can this processor run this tool with this model, in this pipeline?

    Raises:
        CrayfishError: saying what is missing and why, and what is near it.
    """
    cell, entry = run.cell, plan.sizing.workloads[run.workload]
    processor, tool = plan.processors[cell.processor], plan.tools[cell.tool]
    file = processor.file
    where = plan.where(run.workload)
    why_not = unsupported(processor, cell.runtime, tool.name)
    if why_not:
        raise CrayfishError(
            f"{where}: {file}: {why_not}", hint=near(catalog, cell.processor, tool.name)
        )
    runtimes = processor.pipelines.get(cell.pipeline, [])
    if cell.runtime not in runtimes:
        there = ", ".join(f"{name} ({', '.join(r)})" for name, r in processor.pipelines.items())
        raise CrayfishError(
            f"{where}: {file}: pipelines: {processor.name} has no pipeline {cell.pipeline!r} "
            f"in runtime {cell.runtime}",
            hint=f"it has {there}",
        )
    parallelism = cell.parallelism
    parts = (parallelism.source, parallelism.scorer, parallelism.sink)
    fused = processor.why_fused(parts, chained=parallelism.chained)
    if fused:
        raise CrayfishError(
            f"{where}: {file}: fused: {fused}",
            hint="give one number: --parallelism N, without --unchained",
        )
    if tool.model_format is not None and tool.model_format not in plan.model.formats:
        able = [t.name for t in catalog.tools.values() if t.model_format in plan.model.formats]
        convertible = tool.model_format == "onnx" and {*CONVERTIBLE} & {*plan.model.formats}
        raise CrayfishError(
            f"{where}: {plan.model.file}: formats: has no "
            f"{tool.model_format!r}, which {tool.file} asks for",
            hint=f"it has {', '.join(plan.model.formats) or 'none'}"
            + (f", which {', '.join(able)} read: choose with --tool" if able else "")
            + ("; `crayfish models convert FILE` makes an ONNX file of it" if convertible else ""),
        )
    check_options(f"{where}: tool_options", f"tool {tool.name}", entry.tool_options, tool.options)
    if not entry.tool:
        check_options("--tool-option", f"tool {tool.name}", plan.choices.tool_options, tool.options)
    check_options(
        f"{where}: processor_options", processor.name, entry.processor_options, processor.options
    )
    check_call(where, processor, tool, cell)
    _check_runtimes(where, cell, processor)
    _check_only(where, f"tool {tool.name}", cell.tool_options, tool.options)
    _check_only(where, processor.name, cell.processor_options, processor.options)
    _check_producer(where, entry.producer_options)
    _check_kafka(where, plan, entry)
    _check_instances(where, cell)


def _check_runtimes(where: str, cell: Cell, processor: Processor) -> None:
    """A choice of an option may be there in one runtime only."""
    for name, option in processor.options.items():
        value = str(cell.processor_options[name])
        runtimes = option.runtimes.get(value)
        if runtimes is not None and cell.runtime not in runtimes:
            raise CrayfishError(
                f"{where}: {processor.name}: option {name}: {value} is there in runtime "
                f"{' and '.join(runtimes)}, not in {cell.runtime}",
                hint="choose another --runtime, or another value",
            )


def _check_only(where: str, owner: str, values: Options, known: Mapping[str, Option]) -> None:
    """An option may mean something beside some values of another one only."""
    for name, option in known.items():
        if values[name] == option.default:
            continue
        for other, needed in option.only.items():
            if str(values[other]) not in needed:
                raise CrayfishError(
                    f"{where}: {owner}: option {name}: {shown(values[name])}: means nothing where "
                    f"{other} is {values[other]}",
                    hint=f"leave it out, or set {other} to {' or '.join(needed)}",
                )


def _check_instances(where: str, cell: Cell) -> None:
    threads = cell.processor_options.get(THREADS_PER_INSTANCE, 0)
    scorers = cell.parallelism.scorer
    if threads and scorers % int(threads):
        raise CrayfishError(
            f"{where}: processor_options.{THREADS_PER_INSTANCE}: {threads}: "
            f"{scorers} scorers cannot be divided among instances of so many threads",
            hint=f"give a divisor of the parallelism {scorers}, or 0 for one instance",
        )
    workers = cell.processor_options.get(WORKERS, 1)
    widest = max(cell.parallelism.source, scorers, cell.parallelism.sink)
    if int(workers) > widest:
        raise CrayfishError(
            f"{where}: processor_options.{WORKERS}: {workers}: the widest operator has {widest} "
            "tasks, so that some would have none",
            hint="raise the parallelism (-p), or start fewer",
        )
    if int(workers) > 1 and not cell.way.broker:
        raise CrayfishError(
            f"{where}: processor_options.{WORKERS}: {workers}: pipeline {cell.pipeline} has one",
            hint="leave it out there",
        )


def _check_kafka(where: str, plan: Plan, entry: WorkloadEntry) -> None:
    if plan.kafka is not None and entry.kafka_protocol != "PLAINTEXT":
        raise CrayfishError(
            f"{where}: kafka_protocol: {entry.kafka_protocol}: the Kafka at {plan.kafka.address} "
            "is not of this experiment, which starts none",
            hint="--kafka-tls says how that one is reached; or leave out --kafka",
        )


def _check_producer(where: str, given: Options) -> None:
    try:
        ProducerClient.model_validate(given)
    except ValidationError as error:
        lines = explain(error, given, ProducerClient)
        raise CrayfishError(
            "\n".join(f"{where}: producer_options.{line}" for line in lines),
            hint=f"the producer has {', '.join(ProducerClient.model_fields)}",
        ) from None


def check_options(where: str, owner: str, given: Options, known: Mapping[str, Option]) -> None:
    """Are all options known, and of a value that they take?

    Args:
        where: the flag or the field that gives them.
        owner: whose options they are.
        given: by name.
        known: as declared.

    Raises:
        CrayfishError: naming the one that is not, and those there are.
    """
    for name, value in given.items():
        place = f"{where} {name}" if where.startswith("--") else f"{where}.{name}"
        if name not in known:
            raise CrayfishError(
                f"{place}: {owner} has no such option{meant(name, known)}",
                hint=f"it has {', '.join(known) or 'none'}",
            )
        try:
            known[name].check(value)
        except ValueError as error:
            raise CrayfishError(
                f"{place}: {error}", hint=f"without it: {shown(known[name].default)}"
            ) from None
