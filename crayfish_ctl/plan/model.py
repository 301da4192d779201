"""Cells and runs as this version may plan them: what `crayfish_ctl.cells` describes, no more."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from crayfish_contract.codec import RecordFormat
from crayfish_contract.runconfig import CallMode, Pipeline
from crayfish_ctl import cells
from crayfish_ctl.catalog.model import REPLICAS, THREADS_PER_INSTANCE, WORKERS, Runtime
from crayfish_ctl.cells import GoalName, PlannedArrivals

Purpose = Literal["measure", "probe", "confirm"]


class Call(cells.Call):
    """How records reach the model."""

    model_config = ConfigDict(extra="forbid")

    mode: CallMode = "blocking"


class Cell(cells.Cell):
    """One point of the matrix."""

    model_config = ConfigDict(extra="forbid")

    settings: Literal["tuned", "defaults"] = "tuned"
    runtime: Runtime
    call: Call = Call()
    format: RecordFormat = RecordFormat.BINARY
    delivery: Literal["at-least-once", "exactly-once"] = "at-least-once"
    arrivals: Annotated[PlannedArrivals, Field(discriminator="kind")]
    batch_size: Annotated[int, Field(gt=0)] = 1
    goal: GoalName = "sustain"
    pipeline: Pipeline = "kafka"

    @property
    def instances(self) -> int:
        """Containers among which a processor divides its operators.

        As many as its option `workers` says, or as make N, with so many `threads_per_instance`.
        """
        threads = self.processor_options.get(THREADS_PER_INSTANCE, 0)
        if threads:
            return self.parallelism.scorer // int(threads)
        return int(self.processor_options.get(WORKERS, 1))

    @property
    def replicas(self) -> int:
        """Containers of the tool's server."""
        return int(self.tool_options.get(REPLICAS, 1))


class RunSpec(cells.RunSpec):
    """One execution of a cell."""

    model_config = ConfigDict(extra="forbid")

    cell: Cell
    purpose: Purpose = "measure"
