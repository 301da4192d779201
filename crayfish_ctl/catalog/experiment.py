"""The types of configs/experiments: what is measured, under which load, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from crayfish_contract.runconfig import Options, Pipeline, PositiveFloat, PositiveInt

from .model import Config, Name, Resources, Runtime

if TYPE_CHECKING:
    from pathlib import Path


class WarmupEntry(Config):
    """Warm-up of a workload; without a rate it goes at the workload's own."""

    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    rate: PositiveFloat | None = None


class StopEntry(Config):
    """End of the measured segment, by time or count, whichever comes first."""

    seconds: PositiveFloat | None = None
    count: PositiveInt | None = None

    @model_validator(mode="after")
    def _one(self) -> StopEntry:
        if self.seconds is None and self.count is None:
            raise ValueError("give seconds, count, or both")
        return self


class Fault(Config):
    """Something that is done to a container in the middle of a run."""

    at_seconds: Annotated[float, Field(ge=0)]
    """After the start of the measured segment."""
    service: str
    action: Literal["pause", "kill"]
    """pause: frozen, then thawed. kill: SIGKILL, then started again."""
    seconds: Annotated[float, Field(gt=0)]
    """How long it is away."""


class BurstyEntry(Config):
    """Base and burst as factors of the workload's rate."""

    kind: Literal["bursty"]
    base: PositiveFloat
    burst: PositiveFloat
    base_seconds: PositiveFloat
    burst_seconds: PositiveFloat


class RampEntry(Config):
    """Start and end as factors of the workload's rate, over the whole measured segment."""

    kind: Literal["ramp"]
    start: PositiveFloat
    end: PositiveFloat


class TraceEntry(Config):
    """A file of arrival times: .csv or .parquet, seconds after the start.

    Its path is relative to the experiment's file.
    """

    kind: Literal["trace"]
    path: str
    speed: PositiveFloat = 1.0


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
    objective_ms: PositiveFloat = 100.0
    tolerance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """The bisection ends when the interval is this share of its upper end."""
    confirm: PositiveInt = 3
    """Runs at the rate that was found; each must hold, or the search goes on below."""
    max_probes: PositiveInt = 12


class WorkloadEntry(Config):
    """One workload of an experiment."""

    rate: PositiveFloat | Literal["max", "capacity"] | None = None
    """records/s; `max`: as fast as the broker takes them; `capacity`: what an earlier workload of
    goal saturate found in this experiment. Only a trace has none."""
    share: PositiveFloat = 1.0
    """With rate `capacity`: how much of it."""
    arrivals: ArrivalsEntry = SteadyEntry(kind="constant")
    batch_size: PositiveInt = 1
    goal: Literal["sustain", "saturate", "overload"] = "sustain"
    title: str | None = None
    """What reports call it; without one: its rate."""
    search: SearchEntry | None = None
    pipeline: Pipeline = "kafka"
    parallelism: PositiveInt | Annotated[str, Field(pattern=r"^\d+(-\d+-\d+)?$")] | None = None
    """N, or SOURCE-SCORER-SINK; without one: as the flag says."""
    chained: bool | None = None
    processor: Name | None = None
    """Another processor than the experiment's: one table for several systems."""
    runtime: Runtime | None = None
    tool: Name | None = None
    """Another tool than the experiment's: `noop` beside each figure is what the pipeline costs."""
    tool_options: Options = Field(default_factory=dict)
    processor_options: Options = Field(default_factory=dict)
    producer_options: Options = Field(default_factory=dict)
    """Fields of the run config's `producer`."""
    faults: tuple[Fault, ...] = ()
    warmup: WarmupEntry | None = None
    stop: StopEntry | None = None

    @model_validator(mode="after")
    def _fits(self) -> WorkloadEntry:
        if self.rate == "max" and self.stop is not None and self.stop.count is None:
            raise ValueError("rate max stops by count: give stop.count")
        if (self.rate is None) != (self.arrivals.kind == "trace"):
            raise ValueError("give a rate (a trace has its own, and takes none)")
        if self.rate == "max" and self.arrivals.kind != "constant":
            raise ValueError(f"arrivals: {self.arrivals.kind} needs a rate in records/s")
        if self.share != 1.0 and self.rate != "capacity":
            raise ValueError("share: only with rate: capacity")
        if self.pipeline == "raw" and self.rate != "max":
            raise ValueError("pipeline raw has no arrivals: give rate: max")
        if self.search is not None and (self.rate == "max" or self.arrivals.kind == "trace"):
            raise ValueError("search: give the highest rate to try, or rate: capacity")
        return self


class Sizing(Config):
    """One experiment in one profile."""

    repetitions: PositiveInt
    max_repetitions: PositiveInt | None = None
    """Repeat a cell up to here while its interval is wider than `precision`, or where the harness
    failed in a run. How often is decided once, by its first three runs (or `repetitions`)."""
    precision: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Upper half of the 95 % interval of the cell's key metric, relative to its centre."""
    warmup: WarmupEntry
    first_warmup: WarmupEntry | None = None
    """Warm-up of the first run, whose stack is cold: broker and processor have compiled nothing."""
    stop: StopEntry
    resources: dict[Name, Resources] = Field(default_factory=dict)
    """Limits that differ from the profile's."""
    workloads: Annotated[list[WorkloadEntry], Field(min_length=1)]
    shuffle: bool = True
    """Each round of repetitions has an order of its own; false: always as they are written."""

    @model_validator(mode="after")
    def _grows(self) -> Sizing:
        if self.max_repetitions is not None and self.max_repetitions < self.repetitions:
            raise ValueError("max_repetitions is below repetitions")
        return self


class Defaults(Config):
    """What an experiment measures unless a flag says otherwise."""

    processor: Name
    runtime: Runtime
    tool: Name
    model: Name


class Experiment(Config):
    """configs/experiments/NAME.yaml."""

    name: Name
    question: str
    defaults: Defaults
    profiles: dict[Name, Sizing]

    def beside(self, folder: Path) -> Experiment:
        """The same with the paths of its traces relative to a folder, absolute ones as they are."""
        profiles = {
            name: sizing.model_copy(
                update={"workloads": [_beside(entry, folder) for entry in sizing.workloads]}
            )
            for name, sizing in self.profiles.items()
        }
        return self.model_copy(update={"profiles": profiles})


def _beside(entry: WorkloadEntry, folder: Path) -> WorkloadEntry:
    if not isinstance(entry.arrivals, TraceEntry):
        return entry
    found = str(folder / entry.arrivals.path)
    return entry.model_copy(update={"arrivals": entry.arrivals.model_copy(update={"path": found})})
