"""The config files' types: one class per folder of configs/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from crayfish_contract.runconfig import Options, Pipeline, PositiveFloat, PositiveInt, Shape

if TYPE_CHECKING:
    from collections.abc import Collection

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
MemorySize = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?[kmg]$")]
"""As compose writes it: 512m, 2g."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Runtime = Literal["python", "jvm"]
Delivery = Literal["at-least-once", "exactly-once"]


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Counter(_Config):
    """The processor's own count of records: what our figures are held against."""

    metric: str
    labels: dict[str, str] = {}
    """Labels that a series must carry to be counted."""


class Processor(_Config):
    """configs/processors/NAME.yaml."""

    name: Name
    title: str
    images: list[Name]
    fragments: list[Name]
    """Its stack, and what submits a job to it."""
    raw_fragments: list[Name] = []
    """Its stack, and the scorer in a loop in the same image (pipeline raw)."""
    pipelines: dict[Pipeline, list[Runtime]]
    """pipeline -> runtimes that it is there for."""
    counter: Counter | None = None
    runtimes: dict[Runtime, list[Name]]
    """runtime -> tools: the supported cells."""
    missing: dict[str, str] = {}
    """Why a runtime (`python`) or a tool in it (`python dl4j`) is not there."""
    fused: str | None = None
    """Why source, scorer and sink cannot be set apart; None if they can."""
    options: Options = {}
    deliveries: list[Delivery] = ["at-least-once"]

    def why_fused(self, parts: Collection[int], *, chained: bool) -> str | None:
        """Why these numbers of operators, or unchained ones, cannot be; None if they can."""
        return self.fused if len(set(parts)) > 1 or not chained else None


class Tool(_Config):
    """configs/tools/NAME.yaml."""

    name: Name
    title: str
    kind: Literal["embedded", "external"]
    model_format: str | None
    """Key of the model's `formats`; None if the tool reads no model."""
    options: Options = {}
    images: list[Name] = []
    fragments: list[Name] = []
    address: str | None = None
    """host:port of its server, if external."""


class ModelFile(_Config):
    """One file (or folder) of a model."""

    path: str
    sha256: Sha256 | None = None
    input: str | None = None
    output: str | None = None


class _Tensor(_Config):
    """One point, or one prediction."""

    shape: Shape
    dtype: Literal["float32"] = "float32"


class _PointsFile(_Config):
    """An .npz with float32[n, *shape] and, if known, the class of each point: int64[n]."""

    path: str
    sha256: Sha256 | None = None
    array: Literal["points"] = "points"
    labels: Literal["labels"] | None = None


class _Reference(_Config):
    """float32[n, *output]: predictions for those points, made with the model's own framework."""

    path: str
    sha256: Sha256 | None = None


class Model(_Config):
    """configs/models/NAME.yaml."""

    name: Name
    description: str
    task: Literal["classification"] = "classification"
    input: _Tensor
    output: _Tensor
    tolerance: PositiveFloat
    parameters: PositiveInt | None = None
    points: _PointsFile | None = None
    reference: _Reference | None = None
    offline_accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    formats: dict[str, ModelFile]


class Resources(_Config):
    """Limits of one service."""

    cpus: PositiveFloat
    memory: MemorySize
    weight: PositiveInt = 1024
    """CPU weight under contention (cgroup cpu.shares; 1024 is the kernel's default)."""
    heap: MemorySize | None = None
    process_memory: MemorySize | None = None


class Profile(_Config):
    """configs/profiles/NAME.yaml."""

    name: Name
    description: str
    extends: Name | None = None
    resources: dict[Name, Resources] = {}


class WarmupEntry(_Config):
    """Warm-up of a workload; without a rate it goes at the workload's own."""

    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    rate: PositiveFloat | None = None


class StopEntry(_Config):
    """End of the measured segment, by time or count, whichever comes first."""

    seconds: PositiveFloat | None = None
    count: PositiveInt | None = None

    @model_validator(mode="after")
    def _one(self) -> StopEntry:
        if self.seconds is None and self.count is None:
            raise ValueError("give seconds, count, or both")
        return self


class Fault(_Config):
    """Something that is done to a container in the middle of a run."""

    at_seconds: Annotated[float, Field(ge=0)]
    """After the start of the measured segment."""
    service: str
    action: Literal["pause", "kill"]
    """pause: frozen, then thawed. kill: SIGKILL, then started again."""
    seconds: Annotated[float, Field(gt=0)]
    """How long it is away."""


class BurstyEntry(_Config):
    """Base and burst as factors of the workload's rate."""

    kind: Literal["bursty"]
    base: PositiveFloat
    burst: PositiveFloat
    base_seconds: PositiveFloat
    burst_seconds: PositiveFloat


class RampEntry(_Config):
    """Start and end as factors of the workload's rate, over the whole measured segment."""

    kind: Literal["ramp"]
    start: PositiveFloat
    end: PositiveFloat


class TraceEntry(_Config):
    """A file of arrival times: .csv or .parquet, seconds after the start."""

    kind: Literal["trace"]
    path: str
    speed: PositiveFloat = 1.0


class SteadyEntry(_Config):
    """constant: equal gaps; poisson: exponential gaps."""

    kind: Literal["constant", "poisson"]


def _kind(value: Any) -> Any:
    """`poisson` is short for `{kind: poisson}`."""
    return {"kind": value} if isinstance(value, str) else value


ArrivalsEntry = Annotated[
    Annotated[SteadyEntry | BurstyEntry | RampEntry | TraceEntry, Field(discriminator="kind")],
    BeforeValidator(_kind),
]


class SearchEntry(_Config):
    """The highest rate that holds an objective, by bisection; the workload's rate is the top."""

    percentile: Literal["p50", "p90", "p95", "p99", "p99_9"] = "p99"
    objective_ms: PositiveFloat = 100.0
    tolerance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """The bisection ends when the interval is this share of its upper end."""
    confirm: PositiveInt = 3
    """Runs at the rate that was found; each must hold, or the search goes on below."""
    max_probes: PositiveInt = 12


class WorkloadEntry(_Config):
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
    tool_options: Options = {}
    processor_options: Options = {}
    producer_options: Options = {}
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


class Sizing(_Config):
    """One experiment in one profile."""

    repetitions: PositiveInt
    max_repetitions: PositiveInt | None = None
    """Repeat a cell up to here while its interval is wider than `precision`, or a run INVALID."""
    precision: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Half of the 95 % interval of the cell's key metric, relative to its mean."""
    warmup: WarmupEntry
    first_warmup: WarmupEntry | None = None
    """Warm-up of the first run, whose stack is cold: broker and processor have compiled nothing."""
    stop: StopEntry
    resources: dict[Name, Resources] = {}
    """Limits that differ from the profile's."""
    workloads: Annotated[list[WorkloadEntry], Field(min_length=1)]

    @model_validator(mode="after")
    def _grows(self) -> Sizing:
        if self.max_repetitions is not None and self.max_repetitions < self.repetitions:
            raise ValueError("max_repetitions is below repetitions")
        return self


class Defaults(_Config):
    """What an experiment measures unless a flag says otherwise."""

    processor: Name
    runtime: Runtime
    tool: Name
    model: Name


class Experiment(_Config):
    """configs/experiments/NAME.yaml."""

    name: Name
    question: str
    defaults: Defaults
    profiles: dict[Name, Sizing]
