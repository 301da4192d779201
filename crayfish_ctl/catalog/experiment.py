"""The types of configs/experiments: what is measured, under which load, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from crayfish_contract.runconfig import Pipeline
from crayfish_ctl.cells import GoalName, pipeline_of

from .call import Calls
from .explain import meant
from .model import RUNTIMES, Config, Entry, Resources, Runtime
from .protocol import KafkaProtocol
from .values import (
    Batch,
    Count,
    Factor,
    Line,
    Milliseconds,
    Name,
    Names,
    Options,
    Rate,
    Repetitions,
    Seconds,
    SecondsOrNone,
    Share,
    WorkloadParallelism,
    WorkloadRate,
)

if TYPE_CHECKING:
    from pathlib import Path


class WarmupEntry(Config):
    """Warm-up of a workload; without a rate it goes at the workload's own."""

    seconds: SecondsOrNone
    rate: Rate | None = None
    settle_seconds: SecondsOrNone = 30.0
    """Of a workload that keeps a steady rate: so long, at most, records go at that rate until their
    latency falls no more, and then are measured; 0: not at all."""


class StopEntry(Config):
    """End of the measured segment, by time or count, whichever comes first.

    With rate `max` and no count: as many records as the scorer by itself would need that long for.
    """

    seconds: Seconds | None = None
    count: Count | None = None

    @model_validator(mode="after")
    def _one(self) -> StopEntry:
        if self.seconds is None and self.count is None:
            raise ValueError("give seconds, count, or both")
        return self


class Fault(Config):
    """Something that is done to a container in the middle of a run."""

    at_seconds: SecondsOrNone
    """After the start of the measured segment."""
    service: Line
    action: Literal["pause", "kill", "kill-process"]
    """pause: frozen, then thawed. kill: SIGKILL, then started again. kill-process: SIGKILL to some
    of its processes, which whoever started them starts again."""
    seconds: Seconds | None = None
    """How long it is away; nobody knows it of processes."""
    process: Line | None = None
    """kill-process: what stands in the command line of those that are killed."""

    @model_validator(mode="after")
    def _fits(self) -> Fault:
        if self.action == "kill-process":
            if self.process is None or self.seconds is not None:
                raise ValueError(
                    "kill-process: give process, what stands in its command line, and no seconds: "
                    "whoever started it starts it again"
                )
        elif self.process is not None or self.seconds is None:
            raise ValueError(f"{self.action}: give seconds; process is for kill-process")
        return self


class BurstyEntry(Config):
    """Base and burst as factors of the workload's rate."""

    kind: Literal["bursty"]
    base: Factor
    burst: Factor
    base_seconds: Seconds
    burst_seconds: Seconds


class RampEntry(Config):
    """Start and end as factors of the workload's rate, over the whole measured segment."""

    kind: Literal["ramp"]
    start: Factor
    end: Factor


class TraceEntry(Config):
    """A file of arrival times: .csv or .parquet, with dates, Unix times or offsets.

    Its path is relative to the experiment's file.
    """

    kind: Literal["trace"]
    path: Line
    speed: Factor = 1.0
    """2 replays it twice as fast."""
    column: Line | None = None
    """Which column holds the times; needed if more than one could."""
    start: Literal["first", "file"] = "first"
    """first: the run begins with the first arrival; file: offsets are taken as they are."""
    sort: bool = False
    """Put the arrivals in order; without it, an unsorted file is an error."""


class SteadyEntry(Config):
    """constant: equal gaps; poisson: exponential gaps."""

    kind: Literal["constant", "poisson"]


def _kind(value: Any) -> Any:
    """`poisson` is short for `{kind: poisson}`."""
    return {"kind": value} if isinstance(value, str) else value


ArrivalsEntry = Annotated[
    Annotated[SteadyEntry | BurstyEntry | RampEntry | TraceEntry, Field(discriminator="kind")],
    BeforeValidator(_kind),
]


class SearchEntry(Config):
    """The highest rate that holds an objective, by bisection; the workload's rate is the top."""

    percentile: Literal["p50", "p90", "p95", "p99", "p99_9"] = "p99"
    objective_ms: Milliseconds = 100.0
    tolerance: Annotated[Share, Field(lt=0.5)] = 0.05
    """The bisection ends when the interval is this share of its upper end."""
    confirm: Repetitions = 3
    """Runs at the rate that was found; each must hold, or the search goes on below."""
    max_probes: Repetitions = 12


def _runtimes(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if name not in {*RUNTIMES, "all"}:
            raise ValueError(
                f"must be {', '.join(RUNTIMES)} or all, not {name!r}{meant(name, RUNTIMES)}"
            )
    return value


class WorkloadEntry(Config):
    """One workload of an experiment."""

    rate: WorkloadRate = None
    """records/s; `max`: as fast as the broker takes them; `capacity`: what an earlier workload of
    goal saturate found in this experiment. Only a trace has none."""
    share: Factor = 1.0
    """With rate `capacity`: how much of it."""
    arrivals: ArrivalsEntry = SteadyEntry(kind="constant")
    batch_size: Batch = 1
    goal: GoalName = "sustain"
    title: Line | None = None
    """What reports call it; without one: its rate."""
    search: SearchEntry | None = None
    pipeline: Pipeline = "kafka"
    kafka_protocol: KafkaProtocol = "PLAINTEXT"
    """How the experiment's own Kafka is reached."""
    parallelism: WorkloadParallelism = None
    """N, or SOURCE-SCORER-SINK; without one: as the flag says."""
    chained: bool | None = None
    processor: Names = ()
    """Others than the experiment's: one table for several systems. Lists, here and in the next two:
    every supported combination."""
    runtime: Annotated[Names, AfterValidator(_runtimes)] = ()
    tool: Names = ()
    """Others than the experiment's: `noop` beside each figure is what the pipeline costs."""
    tool_options: Options = Field(default_factory=dict)
    call: Calls = ()
    """How records reach the model; several: each is a cell. Without one: blocking."""
    processor_options: Options = Field(default_factory=dict)
    settings: Literal["tuned", "defaults"] = "tuned"
    """`defaults`: options that are not given are as the engine's own documentation has them."""
    producer_options: Options = Field(default_factory=dict)
    """Fields of the run config's `producer`."""
    faults: tuple[Fault, ...] = ()
    warmup: WarmupEntry | None = None
    stop: StopEntry | None = None

    @model_validator(mode="after")
    def _fits(self) -> WorkloadEntry:
        if (self.rate is None) != (self.arrivals.kind == "trace"):
            raise ValueError("give a rate (a trace has its own, and takes none)")
        if self.rate == "max" and self.arrivals.kind != "constant":
            raise ValueError(f"arrivals: {self.arrivals.kind} needs a rate in records/s")
        if self.share != 1.0 and self.rate != "capacity":
            raise ValueError("share: only with rate: capacity")
        if not pipeline_of(self.pipeline).processor and self.rate != "max":
            raise ValueError(f"pipeline {self.pipeline} has no arrivals: give rate: max")
        if self.kafka_protocol != "PLAINTEXT" and not pipeline_of(self.pipeline).broker:
            raise ValueError(
                f"kafka_protocol: {self.kafka_protocol}: pipeline {self.pipeline} has no Kafka"
            )
        if self.search is not None and (self.rate == "max" or self.arrivals.kind == "trace"):
            raise ValueError("search: give the highest rate to try, or rate: capacity")
        return self


def _different(workloads: list[WorkloadEntry]) -> list[WorkloadEntry]:
    """Two rows of a table that cannot be told apart are one mistake of copying."""
    seen: dict[str, int] = {}
    for number, entry in enumerate(workloads, 1):
        exactly = entry.model_dump_json()
        first = seen.setdefault(exactly, number)
        if first != number:
            raise ValueError(
                f"workloads {first} and {number} are the same: use repetitions to repeat one"
            )
        if entry.title is None:
            continue
        # Cells of two experiments match by title, whatever the rate was on that day.
        named = entry.model_dump_json(exclude={"rate", "share", "arrivals", "stop", "warmup"})
        first = seen.setdefault(named, number)
        if first != number:
            raise ValueError(
                f"workloads {first} and {number} have one title, {entry.title!r}: "
                "compare matches cells by it"
            )
    return workloads


Workloads = Annotated[list[WorkloadEntry], Field(min_length=1), AfterValidator(_different)]


class OtherModels(Config):
    """What runs in the place of a sizing for any other model than the experiment's own.

    A model may be a thousand times slower than the one that rates and counts were chosen for: here
    rates are shares of what the machine carries, and a backlog is as long as it lasts.
    """

    repetitions: Repetitions | None = None
    warmup: WarmupEntry
    stop: StopEntry
    workloads: Workloads


class Sizing(Config):
    """One experiment in one profile."""

    repetitions: Repetitions
    max_repetitions: Repetitions | None = None
    """Repeat a cell up to here while its interval is wider than `precision`, or where the harness
    failed in a run. How often is decided once, by its first three runs (or `repetitions`)."""
    precision: Share = 0.1
    """Upper half of the 95 % interval of the cell's key metric, relative to its centre."""
    warmup: WarmupEntry
    first_warmup: WarmupEntry | None = None
    """Warm-up of the first run, whose stack is cold: broker and processor have compiled nothing."""
    stop: StopEntry
    resources: dict[Name, Resources] = Field(default_factory=dict)
    """Limits that differ from the profile's, by size class."""
    workloads: Workloads
    shuffle: bool = True
    """Each round of repetitions has an order of its own; false: always as they are written."""
    other_models: OtherModels | None = None
    """Without it every model is measured alike."""

    @model_validator(mode="after")
    def _grows(self) -> Sizing:
        if self.max_repetitions is not None and self.max_repetitions < self.repetitions:
            raise ValueError("max_repetitions is below repetitions")
        return self

    def for_other_models(self) -> Sizing:
        """What another model than the experiment's own is measured with."""
        others = self.other_models
        if others is None:
            return self
        repetitions = others.repetitions or self.repetitions
        most = self.max_repetitions
        return self.model_copy(
            update={
                "repetitions": repetitions,
                "max_repetitions": None if most is None else max(most, repetitions),
                "warmup": others.warmup,
                "first_warmup": None,
                "stop": others.stop,
                "workloads": others.workloads,
            }
        )


class Defaults(Config):
    """What an experiment measures unless a flag says otherwise."""

    processor: Name
    runtime: Runtime
    tool: Name
    model: Name


class Experiment(Entry):
    """configs/experiments/NAME.yaml."""

    question: Line
    defaults: Defaults
    profiles: dict[Name, Sizing]

    def read_from(self, file: Path) -> Experiment:
        """The same with the paths of its traces relative to its file, absolute ones as they are."""
        folder = file.parent.resolve()
        profiles = {
            name: sizing.model_copy(
                update={
                    "workloads": [_beside(entry, folder) for entry in sizing.workloads],
                    "other_models": others
                    and others.model_copy(
                        update={"workloads": [_beside(e, folder) for e in others.workloads]}
                    ),
                }
            )
            for name, sizing in self.profiles.items()
            for others in (sizing.other_models,)
        }
        return self.model_copy(update={"profiles": profiles}).found_in(self.root, str(file))


def _beside(entry: WorkloadEntry, folder: Path) -> WorkloadEntry:
    if not isinstance(entry.arrivals, TraceEntry):
        return entry
    found = str(folder / entry.arrivals.path)
    return entry.model_copy(update={"arrivals": entry.arrivals.model_copy(update={"path": found})})
