"""Cells and runs: what the planner hands on to everything that comes after it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crayfish_contract.codec import RecordFormat
from crayfish_contract.runconfig import (
    Arrivals,
    BurstyArrivals,
    ConstantArrivals,
    Options,
    Parallelism,
    Pipeline,
    PoissonArrivals,
    RampArrivals,
    StopRule,
    TraceArrivals,
    Warmup,
)
from crayfish_ctl.catalog.experiment import Fault
from crayfish_ctl.catalog.model import THREADS_PER_INSTANCE

Purpose = Literal["measure", "probe", "confirm"]
"""probe and confirm: a search asks whether a rate holds; only confirmations enter its result."""


class Cell(BaseModel):
    """One point of the matrix; what is compared with another cell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    processor: str
    processor_options: Options = {}
    """All of them, as they are in a run; results of before have only those that were given."""
    settings: Literal["tuned", "defaults"] = "tuned"
    """`defaults`: the processor's options are as its engine's own documentation has them."""
    runtime: Literal["python", "jvm"]
    tool: str
    tool_options: Options = {}
    """Likewise."""
    model: str
    format: RecordFormat = RecordFormat.BINARY
    delivery: Literal["at-least-once", "exactly-once"] = "at-least-once"
    parallelism: Parallelism = Parallelism()
    arrivals: Arrivals
    batch_size: Annotated[int, Field(gt=0)] = 1
    goal: Literal["sustain", "saturate", "overload"] = "sustain"
    """sustain: a growing backlog is INVALID; saturate: it is the point (capacity is measured);
    overload: bursts or faults may outrun the processor for a while, and it must catch up."""
    pipeline: Pipeline = "kafka"
    faults: tuple[Fault, ...] = ()
    producer_options: Options = {}
    """Fields of the run config's `producer` that differ from its defaults."""
    title: str | None = None
    """What the experiment calls this workload; cells of two results match by it if it is there."""
    segment: str | None = None
    """Length or warm-up, if only that sets it apart from another cell of the experiment."""

    @property
    def workload(self) -> str:
        """The workload in a few words: `500/s`, `max`; a batch above 1 is named."""
        name = self.title or _arrivals_text(self.arrivals)
        name = name if self.batch_size == 1 else f"{name} x{self.batch_size}"
        return name if self.segment is None else f"{name}, {self.segment}"

    @property
    def system(self) -> str:
        """Processor, runtime and tool, as the tables name them."""
        if self.pipeline == "raw":
            return f"raw {self.runtime} {self.tool}"
        name = f"{self.processor} {self.runtime} {self.tool}"
        if self.settings == "defaults":
            name += " (engine's defaults)"
        return name if self.pipeline == "kafka" else f"{name} {self.pipeline}"

    def same_system(self, other: Cell) -> bool:
        """Whether only the workload differs: what one's capacity says holds for the other."""
        workload = {"arrivals", "goal", "title", "segment", "faults", "producer_options"}
        return self.model_dump(exclude=workload) == other.model_dump(exclude=workload)

    @property
    def instances(self) -> int:
        """Containers among which a processor with the option `threads_per_instance` divides N."""
        threads = self.processor_options.get(THREADS_PER_INSTANCE, 0)
        return self.parallelism.scorer // int(threads) if threads else 1

    @property
    def rate(self) -> float | None:
        """Mean offered rate in records/s; None for `max`, which offers everything at once."""
        return None if self.arrivals.kind == "max" else self.arrivals.rate


def _arrivals_text(arrivals: Arrivals) -> str:
    match arrivals:
        case ConstantArrivals():
            return f"{arrivals.rate:.9g}/s"
        case PoissonArrivals():
            return f"{arrivals.rate:.9g}/s poisson"
        case BurstyArrivals():
            return f"bursts {arrivals.base_rate:.4g}-{arrivals.burst_rate:.4g}/s"
        case RampArrivals():
            return f"ramp {arrivals.start_rate:.4g}-{arrivals.end_rate:.4g}/s"
        case TraceArrivals():
            return f"trace {arrivals.rate:.4g}/s"
        case _:
            return "max"


class RunSpec(BaseModel):
    """One execution of a cell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    """Unique within the results folder, and the name of the run's folder in it."""
    index: int
    """Position in the plan, from 0."""
    cell: Cell
    repetition: int
    """From 1."""
    workload: int = 0
    """Position of its workload in the experiment's profile, from 0."""
    purpose: Purpose = "measure"
    warmup: Warmup
    stop: StopRule
    seed: int
