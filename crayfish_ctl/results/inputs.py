"""What the services and the run stage leave in a run's folder, read and typed.

Only what the numbers need is read; keys that are missing (a service that was killed wrote less)
become None, so that a run that went wrong can still be described.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from crayfish_contract.arrays import CONSUMER_SUMMARY, PRODUCER_SUMMARY
from crayfish_ctl.errors import CrayfishError

from .files import METRICS_FILE
from .happened import FaultFact
from .pauses import Pause, read_pauses

if TYPE_CHECKING:
    from pathlib import Path

CONTAINERS_FILE: Final = "containers.json"
STEPS_FILE: Final = "steps.json"
FAULTS_FILE: Final = "faults.json"
OUT_FOLDER: Final = "out"
LOGS_FOLDER: Final = "logs"

METRICS_SCHEMA: Final = {
    "ts": pl.Float64,
    "name": pl.String,
    "component": pl.String,
    "labels": pl.String,
    "value": pl.Float64,
}
"""Columns of `metrics.parquet`: Unix seconds, metric, service, JSON object, value."""


Fact = TypeVar("Fact")


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ContainerFact(_Tolerant):
    """A container as the engine described it at the end of the run."""

    id: str = ""
    role: str | None = None
    """What its service is for; None in older results."""
    node: str | None = None
    """The host that it ran on, where there were several."""
    image: str | None = None
    image_id: str | None = None
    wanted_image_id: str | None = None
    """What the run's file named."""
    cpus: float | None = None
    memory_bytes: int | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    jvm_flags: tuple[str, ...] = ()


class StepFact(_Tolerant):
    """A step of the run's life."""

    name: str
    started_ns: int
    ended_ns: int


class ClockFact(_Tolerant):
    """Unix time minus monotonic time at the ends of a process, in ns; None in older results."""

    clock_start_ns: int | None = None
    clock_end_ns: int | None = None

    @property
    def step_ns(self) -> int:
        """By how much the clock was set meanwhile; 0 if nobody knows."""
        if self.clock_start_ns is None or self.clock_end_ns is None:
            return 0
        return self.clock_end_ns - self.clock_start_ns


class ProducerFact(ClockFact):
    """`producer.json`, as far as the numbers need it."""

    warmup_start_ns: int | None = None
    settle_start_ns: int | None = None
    settle_seconds: float | None = None
    settled: bool | None = None
    measured_start_ns: int | None = None


class ConsumerFact(ClockFact):
    """`consumer.json`, as far as the numbers need it."""

    ended: str | None = None
    undecodable: int = 0


@dataclass(frozen=True, slots=True)
class RunInputs:
    """Everything beside the records that a run left."""

    consumer: ConsumerFact
    producer: ProducerFact
    containers: dict[str, ContainerFact]
    steps: tuple[StepFact, ...]
    faults: tuple[FaultFact, ...]
    metrics: pl.DataFrame
    pauses: dict[str, tuple[Pause, ...]]
    """Of each service's JVMs, from its log."""


def read_inputs(run_dir: Path) -> RunInputs:
    """Read a run's folder.

    Raises:
        CrayfishError: naming the file that cannot be read, and why.
    """
    containers = _read(run_dir / CONTAINERS_FILE, TypeAdapter(dict[str, ContainerFact])) or {}
    return RunInputs(
        consumer=_read(run_dir / OUT_FOLDER / CONSUMER_SUMMARY, TypeAdapter(ConsumerFact))
        or ConsumerFact(),
        containers=containers,
        producer=_read(run_dir / OUT_FOLDER / PRODUCER_SUMMARY, TypeAdapter(ProducerFact))
        or ProducerFact(),
        steps=read_steps(run_dir),
        faults=_read(run_dir / FAULTS_FILE, TypeAdapter(tuple[FaultFact, ...])) or (),
        metrics=read_metrics(run_dir / METRICS_FILE),
        pauses={
            name: read_pauses(run_dir / LOGS_FOLDER / f"{name}.log")
            for name, fact in containers.items()
            if any(flag.startswith("-Xlog:gc") for flag in fact.jvm_flags)
        },
    )


def read_steps(run_dir: Path) -> tuple[StepFact, ...]:
    """The steps of a run's life, in their order; none if they were not written.

    Raises:
        CrayfishError: if the file is not a list of steps.
    """
    return _read(run_dir / STEPS_FILE, TypeAdapter(tuple[StepFact, ...])) or ()


def read_metrics(path: Path) -> pl.DataFrame:
    """The Prometheus series of a run; empty if there are none.

    Raises:
        CrayfishError: if the file is not a table of `METRICS_SCHEMA`.
    """
    if not path.is_file():
        return pl.DataFrame(schema=METRICS_SCHEMA)
    try:
        table = pl.read_parquet(path)
        return table.select(pl.col(name).cast(kind) for name, kind in METRICS_SCHEMA.items())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CrayfishError(f"{path}: not a table of metrics: {error}") from None


def _read(path: Path, adapter: TypeAdapter[Fact]) -> Fact | None:
    try:
        return adapter.validate_python(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        raise CrayfishError(f"{path}: {error}") from None
