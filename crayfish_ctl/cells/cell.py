"""What a cell and a run are, in the words that results keep and tables use.

A results folder describes its cells by itself: with these types it is read, whichever version wrote
it, and everything after the reading knows no others. What this version may plan is narrower, and is
of the plan (`crayfish_ctl.plan.model`), which derives its types from these.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from crayfish_contract import runconfig as contract
from crayfish_contract.runconfig import MAX_MESSAGE_BYTES, Options

from .arrivals import Arrivals
from .goals import Goal, goal_of
from .pipelines import Pipeline, pipeline_of
from .recorded import Recorded

_ONCE_SCORED_NOTHING = "noop"
"""The one tool of its kind when cells did not say of theirs whether it does."""
WAYS_IN = {"ingress": ("proxy", " {}"), "transport": ("grpc", " over {}")}
"""Options of a server that say how calls reach it: the usual one, and how another one is named."""


class Parallelism(contract.Parallelism, Recorded):
    """How many of each operator."""


class Call(contract.CallConfig, Recorded):
    """How records reach the model."""

    mode: str = "blocking"  # type: ignore[assignment]  # a newer version may have others

    @property
    def text(self) -> str:
        """As `--call` takes it: `async:64`."""
        match self.mode:
            case "blocking":
                return self.mode
            case "async":
                return f"async:{self.in_flight}{':ordered' if self.ordered else ''}"
            case _:
                return f"{self.mode}:{self.records}{f':{self.wait_ms:g}' if self.wait_ms else ''}"


class StopRule(contract.StopRule, Recorded):
    """When the measured segment ends."""


class Settle(contract.Settle, Recorded):
    """The end of a warm-up that is decided by what it shows."""


class Warmup(contract.Warmup, Recorded):
    """Records that go first."""

    settle: Settle | None = None


class Fault(Recorded):
    """Something that is done to a container in the middle of a run."""

    at_seconds: float
    """After the start of the measured segment."""
    service: str
    action: str
    """`pause`: frozen, then thawed. `kill`: SIGKILL, then started again. `kill-process`: SIGKILL to
    processes in it, which come back by themselves."""
    seconds: float | None = None
    """How long it is away; None: nobody knows."""
    process: str | None = None
    """What stands in the command lines of processes that are killed."""


class Cell(Recorded):
    """One point of the matrix; what is compared with another cell."""

    experiment: str
    processor: str
    processor_options: Options = Field(default_factory=dict)
    """All of them, as they are in a run; results of before have only those that were given."""
    settings: str = "tuned"
    """`defaults`: the processor's options are as its engine's own documentation has them."""
    runtime: str
    tool: str
    tool_options: Options = Field(default_factory=dict)
    """Likewise."""
    scores_nothing: bool = False
    """The tool answers without a model: the cell is a bound, and its outputs say nothing."""
    calls_server: bool = False
    """The tool calls a model server, and computes nothing itself."""
    call: Call = Call()
    """How records reach the model."""
    server: str | None = None
    """host:port of a model server that was there already; None: the experiment's own, or none."""
    tls: bool = False
    """Its calls are encrypted."""
    kafka: str | None = None
    """host:port of a Kafka that was there already, or several by commas; None: the experiment's
    own, or none."""
    brokers: int = 1
    """Of the experiment's own Kafka."""
    max_message_bytes: int = MAX_MESSAGE_BYTES
    """Of a record in Kafka, all of it."""
    kafka_protocol: str = "PLAINTEXT"
    """How its connections are protected, in its own words: SSL, SASL_SSL, ..."""
    model: str
    format: str = "binary"
    delivery: str = "at-least-once"
    parallelism: Parallelism = Parallelism()
    arrivals: Arrivals
    batch_size: int = 1
    goal: str = "sustain"
    """See `aim`."""
    pipeline: str = "kafka"
    """See `way`."""
    faults: tuple[Fault, ...] = ()
    producer_options: Options = Field(default_factory=dict)
    """Fields of the run config's `producer` that differ from its defaults."""
    title: str | None = None
    """What the experiment calls this workload; cells of two results match by it if it is there."""
    segment: str | None = None
    """Length or warm-up, if only that sets it apart from another cell of the experiment."""

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "scores_nothing" in value:
            return value
        return {**value, "scores_nothing": value.get("tool") == _ONCE_SCORED_NOTHING}

    @property
    def aim(self) -> Goal:
        """The facts of its goal."""
        return goal_of(self.goal)

    @property
    def way(self) -> Pipeline:
        """The facts of its pipeline."""
        return pipeline_of(self.pipeline)

    @property
    def workload(self) -> str:
        """The workload in a few words: `500/s`, `max`; a batch above 1 is named."""
        name = self.title or self.arrivals.text
        name = name if self.batch_size == 1 else f"{name} x{self.batch_size}"
        return name if self.segment is None else f"{name}, {self.segment}"

    @property
    def system(self) -> str:
        """Processor, runtime and tool, as the tables name them."""
        tool = self.tool + self.way_in
        if self.call.mode != "blocking":
            tool += f" {self.call.text}"
        if self.tls:
            tool += " (TLS)"
        if self.calls_server and self.scores_nothing:
            tool += " (no model)"
        if not self.way.processor:
            return f"{self.pipeline} {self.runtime} {tool}"
        name = f"{self.processor} {self.runtime} {tool}"
        if self.settings == "defaults":
            name += " (engine's defaults)"
        if self.encrypted:
            name += " (Kafka over TLS)"
        return name if self.way.broker else f"{name} {self.pipeline}"

    @property
    def encrypted(self) -> bool:
        """Whether its records reach and leave the experiment's own Kafka over TLS."""
        return self.kafka is None and self.kafka_protocol == "SSL"

    @property
    def producers(self) -> int:
        """How many share the schedule; record i is sent by producer i mod so many."""
        return int(self.producer_options.get("processes", 1)) if self.way.broker else 1

    @property
    def way_in(self) -> str:
        """How calls reach a server whose tool has a choice; empty for gRPC through its front door.

        Over something else, or past its proxy, the server is another system, and no row may mix
        the two.
        """
        if not self.calls_server:
            return ""
        return "".join(
            words.format(chosen)
            for option, (usual, words) in WAYS_IN.items()
            if (chosen := self.tool_options.get(option, usual)) != usual
        )

    def same_system(self, other: Cell) -> bool:
        """Whether only the workload differs: what one's capacity says holds for the other."""
        workload = {"arrivals", "goal", "title", "segment", "faults", "producer_options"}
        return self.model_dump(exclude=workload) == other.model_dump(exclude=workload)

    @property
    def rate(self) -> float | None:
        """Mean offered rate in records/s; None for `max`, which offers everything at once."""
        return self.arrivals.mean


class RunSpec(Recorded):
    """One execution of a cell."""

    run_id: str
    """Unique within the results folder, and the name of the run's folder in it."""
    index: int
    """Position in the plan, from 0."""
    cell: Cell
    repetition: int
    """From 1."""
    workload: int = 0
    """Position of its workload in the experiment's profile, from 0."""
    purpose: str = "measure"
    """`measure`; of a search `probe` or `confirm`: it asks whether a rate holds, and only
    confirmations enter its result."""
    warmup: Warmup
    stop: StopRule
    seed: int

    def same_as(self, other: RunSpec) -> bool:
        """Whether it is the very same run, be it planned or read back."""
        return self.model_dump(mode="json") == other.model_dump(mode="json")
