"""What will run: the experiment with the user's choices worked in, and everything that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .asked import name_of
from .estimate import FIRST_START_S, estimate_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crayfish_ctl.catalog import (
        Experiment,
        Model,
        Processor,
        Profile,
        Roots,
        Sizing,
        System,
        Tool,
    )

    from .choices import Choices
    from .kafka import OutsideKafka
    from .model import Cell, RunSpec
    from .trace import Trace


@dataclass(frozen=True)
class Plan:
    """What will run. How often, and at which rates, may depend on what is measured meanwhile."""

    experiment: Experiment
    profile: Profile
    """With the experiment's own limits in it."""
    processors: Mapping[str, Processor]
    """Those that a run uses, by name."""
    tools: Mapping[str, Tool]
    """Those that a run uses, by name."""
    model: Model
    choices: Choices
    roots: Roots
    """Where fragments, images and tools are looked for."""
    sizing: Sizing
    """Workloads and repetitions, with the user's choices in them."""
    systems: tuple[System, ...]
    """What each workload runs on."""
    numbers: tuple[int | None, ...] = ()
    """Of each workload its place in the experiment's file, from 1; None: a flag made it."""
    segments: Mapping[int, str] = field(default_factory=dict)
    """See `Cell.segment`, by position of the workload."""
    traces: Mapping[str, Trace] = field(default_factory=dict)
    """The files that workloads replay, as they were when the plan was made."""
    certificates: Mapping[str, str] = field(default_factory=dict)
    """tool -> PEM text of what the client of its server trusts, where that is a file."""
    kafka: OutsideKafka | None = None
    """The user's own; None: each experiment starts one."""
    left_out: tuple[str, ...] = ()
    """Workloads of the experiment that do not fit the flags, with the reason."""
    runs: tuple[RunSpec, ...] = ()
    """A preview: the runs that are known beforehand, with assumed rates where they are not."""

    @property
    def seconds(self) -> float:
        """Estimated duration without building images."""
        return FIRST_START_S + sum(estimate_seconds(run) for run in self.runs)

    def where(self, position: int) -> str:
        """A workload as its owner knows it, for messages: file and place in it, or the flag."""
        entry, number = self.sizing.workloads[position], self.numbers[position]
        if number is None:
            return f"--trace {self.choices.trace}" if entry.rate is None else f"--rate {entry.rate}"
        where = f"{self.experiment.file}: profiles.{self.profile.name}.workloads.{number}"
        return f"{where} ({name_of(entry)})"

    def fragments(self, cell: Cell) -> list[str]:
        """The compose fragments of a run: those of the whole stack, and the pipeline's own."""
        processor = self.processors[cell.processor]
        # A server that is not used by a run does not run.
        stack = [*self._broker, "prometheus", *self.tools[cell.tool].fragments]
        if not cell.way.processor:
            return [*stack, *processor.raw_fragments]
        load = ["load"] if cell.way.broker else []
        return [*stack, *load, *processor.fragments]

    @property
    def encrypts(self) -> bool:
        """Whether its own Kafka speaks TLS, for some of its runs at least.

        Then it does for the whole experiment: what changes between runs is the client's choice.
        """
        return self.kafka is None and any(
            entry.kafka_protocol == "SSL" for entry in self.sizing.workloads
        )

    @property
    def _broker(self) -> list[str]:
        """Its fragment, and its image: there are none of a Kafka that is there already."""
        return ["kafka"] if self.kafka is None else []

    @property
    def models_dir(self) -> Path:
        """What containers see as /models: models/ of the root that the model is from."""
        return (self.model.root or self.roots.checkout) / "models"

    @property
    def tool_folders(self) -> list[Path]:
        """tools/ of each root that a tool of a run is from, if it has one."""
        roots = dict.fromkeys(tool.root for tool in self.tools.values() if tool.root is not None)
        return [root / "tools" for root in roots if (root / "tools").is_dir()]

    @property
    def images(self) -> list[str]:
        """The images that the fragments use."""
        harness = [*self._broker, "prometheus", "cgroup-exporter", "producer", "consumer"]
        servers = [image for tool in self.tools.values() for image in tool.images]
        processors = [image for p in self.processors.values() for image in p.images]
        return [*harness, *processors, *servers]

    @property
    def slots(self) -> int:
        """The widest operator of any run: the stack has room for it from the beginning."""
        return max(
            max(run.cell.parallelism.source, run.cell.parallelism.scorer, run.cell.parallelism.sink)
            for run in self.runs
        )
