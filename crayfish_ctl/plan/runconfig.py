"""RunSpec -> RunConfig: the file that the run's containers read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from crayfish_contract.runconfig import (
    Deadlines,
    KafkaConfig,
    ModelConfig,
    PointsConfig,
    ProcessorConfig,
    ProducerClient,
    RunConfig,
    ToolConfig,
    WorkloadConfig,
)
from crayfish_contract.security import SYSTEM
from crayfish_ctl.models import constants, read_format

from .kafka import KAFKA_CA
from .tls import path_in_containers

if TYPE_CHECKING:
    from crayfish_contract.runconfig import Constant, Options

    from .model import Cell, RunSpec
    from .plan import Plan
    from .points import Points

BROKER: Final = "kafka:9092"
"""As the broker of images/kafka tells its clients to call it."""
_ENCRYPTED: Final = "kafka:9094"
"""The same broker, over TLS."""
_POOL_BYTES = 64 * 1024 * 1024
"""Memory that distinct payloads may take in a producer."""
_EQUAL = 0.5
"""Below the least difference of two whole numbers."""
_SATURATE_DRAIN_S = 600.0
_COMMITS = 2
"""What a processor sends twice comes with one of its next commits: so many are listened for."""
_INTERVAL_MS = 5000.0
"""Of a processor that has no option for it."""
_RECOVERY_S = 45.0
"""No result for this long may be a processor that comes back: two JVMs start, and a transaction of
the dead one times out (twice the commit interval)."""


def run_config(
    plan: Plan, run: RunSpec, points: Points, scope: str = "", attempt: int = 0
) -> RunConfig:
    """Everything the containers of `run` need; paths are those inside the containers.

    Args:
        plan: of the experiment.
        run: of the plan.
        points: what is sent.
        scope: tells the experiment's topics from those of others, where there may be some.
        attempt: how often the experiment has been resumed.
    """
    cell, model = run.cell, plan.model
    tool = plan.tools[cell.tool]
    file = model.formats.get(tool.model_format or "")
    # Where others have topics and groups, names that another experiment may have, or this one in an
    # earlier attempt, would bring their records and offsets along.
    own = f"{scope}-{attempt}-" if plan.kafka is not None else ""
    run_id = f"crayfish-{own}{run.run_id}"
    return RunConfig(
        run_id=run_id,
        kafka=_kafka(plan, cell, run_id, scope),
        model=ModelConfig(
            name=model.name,
            format=tool.model_format or "none",
            path=f"/{file.path}" if file else "",
            input_shape=model.input.shape,
            output_shape=model.output.shape,
            input_dtype=model.input.dtype,
            output_dtype=model.output.dtype,
            input_name=file.input if file else None,
            output_name=file.output if file else None,
            batch=None if cell.call.mode == "batched" else cell.batch_size,
            constants=constants_of(plan, tool.model_format),
        ),
        tool=ToolConfig(
            name=cell.tool,
            options=cell.tool_options,
            address=cell.server or tool.addresses(cell.tool_options),
            tls=_tls(plan, cell),
        ),
        processor=ProcessorConfig(
            name=cell.processor, runtime=cell.runtime, options=cell.processor_options
        ),
        # The containers have strict types of their own for what a cell says.
        parallelism=cell.parallelism.model_dump(),
        call=cell.call.model_dump(),
        format=cell.format,
        delivery=cell.delivery,
        pipeline=cell.pipeline,
        job_out=f"/experiment/{run.run_id}/out" if cell.way.in_job else None,
        producer=ProducerClient.model_validate(cell.producer_options),
        workload=WorkloadConfig(
            arrivals=cell.arrivals.model_dump(),
            stop=run.stop.model_dump(),
            warmup=run.warmup.model_dump(),
            batch_size=cell.batch_size,
            points=PointsConfig(
                kind=points.kind,
                path=points.container_path,
                reference_path=None if cell.scores_nothing else points.reference_path,
                # Whole numbers are equal or not.
                tolerance=model.tolerance * points.scale if model.output.is_float else _EQUAL,
                count=points.count,
                seed=plan.choices.seed,
                pool=pool_size(
                    points.count,
                    cell.batch_size,
                    math.prod(model.input.shape),
                    model.input.itemsize,
                ),
            ),
        ),
        deadlines=_deadlines(cell),
    )


def constants_of(plan: Plan, model_format: str | None) -> dict[str, Constant] | None:
    """What further inputs of the model's file get; None if it has none."""
    file = plan.model.formats.get(model_format or "")
    if file is None or not file.constants:
        return None
    path = plan.models_dir.parent / file.path
    return constants(read_format(path, str(model_format)), file.constants)


def _kafka(plan: Plan, cell: Cell, run_id: str, scope: str) -> KafkaConfig:
    source, sink = cell.parallelism.source, cell.parallelism.sink
    if plan.kafka is not None:
        outside = plan.kafka.config(run_id, scope, (source, sink))
        return outside.model_copy(update={"max_message_bytes": cell.max_message_bytes})
    return KafkaConfig(
        bootstrap=_ENCRYPTED if cell.encrypted else BROKER,
        input_topic=f"{run_id}-in",
        output_topic=f"{run_id}-out",
        input_partitions=source,
        output_partitions=sink,
        max_message_bytes=cell.max_message_bytes,
        brokers=cell.brokers,
        tls=KAFKA_CA if cell.encrypted else None,
    )


def _tls(plan: Plan, cell: Cell) -> str | None:
    if not cell.tls:
        return None
    return path_in_containers(cell.tool) if cell.tool in plan.certificates else SYSTEM


def _deadlines(cell: Cell) -> Deadlines:
    """Those that differ from the defaults."""
    own: dict[str, float] = {}
    if cell.faults or cell.delivery == "exactly-once":
        own["drain_idle"] = _RECOVERY_S
        own["listen"] = _COMMITS * _longest_interval_s(cell.processor_options)
    if cell.aim.floods:
        own["drain_total"] = _SATURATE_DRAIN_S
    return Deadlines(**own)


def _longest_interval_s(options: Options) -> float:
    """Between two commits: the longest interval that the processor knows, whatever it calls it."""
    intervals = [value for name, value in options.items() if name.endswith("_interval_ms")]
    return max((float(value) for value in intervals), default=_INTERVAL_MS) / 1000


def pool_size(points: int, batch: int, values: int, itemsize: int = 4) -> int:
    """Distinct payloads: as many as carry every point equally often, if memory allows."""
    period = points // math.gcd(points, batch)
    return max(1, min(period, _POOL_BYTES // (itemsize * values * batch)))
