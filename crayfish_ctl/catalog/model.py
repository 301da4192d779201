"""The config files' types: one class per folder of configs/."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crayfish_contract.runconfig import Options, PositiveFloat, PositiveInt, Shape

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
MemorySize = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?[kmg]$")]
"""As compose writes it: 512m, 2g."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Runtime = Literal["python", "jvm"]
Delivery = Literal["at-least-once", "exactly-once"]


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Processor(_Config):
    """configs/processors/NAME.yaml."""

    name: Name
    title: str
    images: list[Name]
    fragments: list[Name]
    runtimes: dict[Runtime, list[Name]]
    """runtime -> tools: the supported cells."""
    options: Options = {}
    deliveries: list[Delivery] = ["at-least-once"]


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


class WorkloadEntry(_Config):
    """One workload of an experiment: an arrival rate in records/s, or `max`."""

    rate: PositiveFloat | Literal["max"]
    batch_size: PositiveInt = 1
    goal: Literal["sustain", "saturate"] = "sustain"
    tool: Name | None = None
    """Another tool than the experiment's: `noop` beside each figure is what the pipeline costs."""
    tool_options: Options = {}
    warmup: WarmupEntry | None = None
    stop: StopEntry | None = None

    @model_validator(mode="after")
    def _max_has_a_count(self) -> WorkloadEntry:
        if self.rate == "max" and self.stop is not None and self.stop.count is None:
            raise ValueError("rate max stops by count: give stop.count")
        return self


class Sizing(_Config):
    """One experiment in one profile."""

    repetitions: PositiveInt
    warmup: WarmupEntry
    first_warmup: WarmupEntry | None = None
    """Warm-up of the first run, whose stack is cold: broker and processor have compiled nothing."""
    stop: StopEntry
    workloads: Annotated[list[WorkloadEntry], Field(min_length=1)]


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
