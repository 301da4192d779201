"""Cells and runs: what the planner hands on to everything that comes after it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crayfish_contract.codec import RecordFormat
from crayfish_contract.runconfig import (
    Arrivals,
    ConstantArrivals,
    Options,
    Parallelism,
    StopRule,
    Warmup,
)


class Cell(BaseModel):
    """One point of the matrix; what is compared with another cell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    processor: str
    processor_options: Options = {}
    runtime: Literal["python", "jvm"]
    tool: str
    tool_options: Options = {}
    model: str
    format: RecordFormat = RecordFormat.BINARY
    delivery: Literal["at-least-once", "exactly-once"] = "at-least-once"
    parallelism: Parallelism = Parallelism()
    arrivals: Arrivals
    batch_size: Annotated[int, Field(gt=0)] = 1
    goal: Literal["sustain", "saturate"] = "sustain"
    """sustain: a growing backlog is INVALID; saturate: it is the point (capacity is measured)."""

    @property
    def workload(self) -> str:
        """The workload in a few words: `500/s`, `max`; a batch above 1 is named."""
        rate = (
            f"{self.arrivals.rate:.9g}/s" if isinstance(self.arrivals, ConstantArrivals) else "max"
        )
        return rate if self.batch_size == 1 else f"{rate} x{self.batch_size}"

    @property
    def system(self) -> str:
        """Processor, runtime and tool, as the tables name them."""
        return f"{self.processor} {self.runtime} {self.tool}"


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
    warmup: Warmup
    stop: StopRule
    seed: int
