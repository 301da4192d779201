"""The types of configs/processors, tools, models and profiles; experiments: experiment.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from crayfish_contract.dtypes import DTYPES, DtypeName
from crayfish_contract.runconfig import MAX_MESSAGE_BYTES, CallMode, Pipeline

from .option import KnownOptions
from .values import (
    Address,
    Count,
    Cpus,
    Dimension,
    MemorySize,
    Name,
    Options,
    Seconds,
    Sha256,
    Tolerance,
    Unit,
    Weight,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path
    from typing import Self

Shape = Annotated[tuple[Dimension, ...], Field(min_length=1)]
THREADS_PER_INSTANCE: Final = "threads_per_instance"
"""The processor option that spreads the N scorers over several containers; 0: one for all."""
WORKERS: Final = "workers"
"""The processor option that says how many containers of a cluster hold its operators."""
REPLICAS: Final = "replicas"
"""The tool option that says how many containers its server has."""
Runtime = Literal["python", "jvm"]
RUNTIMES: Final[tuple[Runtime, ...]] = get_args(Runtime)
Delivery = Literal["at-least-once", "exactly-once"]


class Config(BaseModel):
    """A part of a config file: a field that is not here is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(Config):
    """A file of configs/, known by its name."""

    name: Name
    _root: Path | None = PrivateAttr(default=None)
    _file: str | None = PrivateAttr(default=None)

    @property
    def root(self) -> Path | None:
        """The root that it was found in; None if it was not read from one."""
        return self._root

    @property
    def file(self) -> str:
        """Where it was read from, for messages."""
        return self._file or f"configs/{type(self).__name__.lower()}s/{self.name}.yaml"

    def found_in(self, root: Path | None, file: str) -> Self:
        """The same, which knows where it is from."""
        found = self.model_copy()
        found._root, found._file = root, file  # noqa: SLF001  of this very class
        return found


class Counter(Config):
    """The processor's own count of records: what our figures are held against."""

    metric: str
    labels: dict[str, str] = {}
    """Labels that a series must carry to be counted."""


ServerCount = Literal["requests", "executions", "batch_sizes", "queue", "compute", "total"]
"""requests: calls that were answered. executions: of the model; batch_sizes: by how many requests
they had. queue, compute: time of requests there; total: in the server."""


class ServerCounter(Counter):
    """A model server's own count."""

    seconds: Annotated[float, Field(gt=0)] = 1.0
    """Of a time: how many seconds one of its unit is (0.000001 for microseconds)."""
    lags: bool = False
    """The server brings it up to date so seldom that it says nothing of a rate."""
    of: Literal["requests", "points"] = "requests"
    """Of batch_sizes: what the sizes count."""


class Processor(Entry):
    """configs/processors/NAME.yaml."""

    title: str
    images: list[Name]
    fragments: list[Name]
    """Its stack, and what submits a job to it."""
    raw_fragments: list[Name] = []
    """Its stack, and the scorer in a loop in the same image (pipeline raw)."""
    pipelines: Annotated[dict[Pipeline, list[Runtime]], Field(min_length=1)]
    """pipeline -> runtimes that it is there for."""
    counter: Counter | None = None
    missing: dict[str, str] = {}
    """Why a runtime (`python`) or a tool in it (`python dl4j`) is not there."""
    tools: dict[Runtime, list[Name]] = {}
    """runtime -> tools that have all that they need in it: computed, and no part of the file."""
    fused: str | None = None
    """Why source, scorer and sink cannot be set apart; None if they can."""
    options: KnownOptions = {}
    """Those of `--processor-option`: default, type and bounds of each."""
    calls: dict[Runtime, dict[CallMode, Options]] = {}
    """runtime -> call modes beside `blocking` -> options without which it does not have them."""
    deliveries: list[Delivery] = ["at-least-once"]

    @model_validator(mode="after")
    def _counts_instances(self) -> Processor:
        """The controller itself computes with these options."""
        for name, least in ((THREADS_PER_INSTANCE, 0), (WORKERS, 1)):
            option = self.options.get(name)
            if option is None:
                continue
            if type(option.default) is not int or option.min is None or option.min < least:
                raise ValueError(
                    f"options.{name}: must be declared as a whole number from {least}: "
                    f"{{default: {least}, min: {least}}}"
                )
            if name == WORKERS and option.default != least:
                raise ValueError(f"options.{name}: default: must be 1: more need a parallelism")
        return self

    def needed_for(self, runtime: str, mode: str) -> Options:
        """The options, with their values, that a call mode needs."""
        return dict(self.calls).get(runtime, {}).get(mode, {})  # type: ignore[call-overload, no-any-return]

    @property
    def runtimes(self) -> list[Runtime]:
        """Those of its pipelines."""
        return list(dict.fromkeys(each for every in self.pipelines.values() for each in every))

    def with_tools(self, tools: dict[Runtime, list[str]], missing: dict[str, str]) -> Processor:
        """The same, with what the catalog computes."""
        return self.model_copy(update={"tools": tools, "missing": missing}).found_in(
            self._root, self.file
        )

    def why_fused(self, parts: Collection[int], *, chained: bool) -> str | None:
        """Why these numbers of operators, or unchained ones, cannot be; None if they can."""
        return self.fused if len(set(parts)) > 1 or not chained else None


class Tool(Entry):
    """configs/tools/NAME.yaml."""

    title: str
    kind: Literal["embedded", "external"]
    model_format: str | None
    """Key of the model's `formats`; None if the tool reads no model."""
    dtypes: Annotated[list[DtypeName], Field(min_length=1)] = ["float32"]
    """Types of points and predictions that it can score."""
    float32_with: Options = {}
    """Options with which it can score float32 only; empty: there are none."""
    constants: bool = False
    """Whether it feeds further inputs of a model."""
    options: KnownOptions = {}
    """Those of `--tool-option`: default, type and bounds of each."""
    needs: Annotated[dict[Runtime, list[Name]], Field(min_length=1)]
    """runtime -> libraries that an image must have (images/*/libraries.yaml); one that is not named
    is not there for it."""
    missing: dict[Runtime, str] = {}
    """Why it is not there for a runtime."""
    images: list[Name] = []
    fragments: list[Name] = []
    address: Address | None = None
    """host:port of its server, if external; with an option `replicas`, of the first of them."""
    replica_ports: Options | None = None
    """Replicas are processes in one container: with these options each has a port of its own,
    counted up from the first one's, with others one port stands for all. Without it they are
    containers."""
    ports: dict[Annotated[int, Field(ge=1, le=65535)], Options] = {}
    """Ports other than that of `address`, each with the options with which it is called there."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Tool:
        if self.kind == "embedded" and (self.address or self.fragments):
            raise ValueError(
                "kind: embedded: has no address and no fragments, for it has no server"
            )
        option = self.options.get(REPLICAS)
        if option and (type(option.default) is not int or (option.min or 0) < 1):
            raise ValueError(
                f"options.{REPLICAS}: must be declared as a whole number from 1: "
                "{default: 1, min: 1}"
            )
        return self

    @property
    def reachable(self) -> bool:
        """Whether it computes by itself, or has a server that an experiment can start."""
        return self.kind == "embedded" or self.address is not None

    def scores(self, options: Mapping[str, object]) -> list[DtypeName]:
        """Types that it can score with these options."""
        limited = bool(self.float32_with) and _holds(self.float32_with, options)
        return ["float32"] if limited else self.dtypes

    def at(self, address: str) -> Tool:
        """The same at a server that is there already: nothing is built or started for it."""
        update = {"address": address, "fragments": [], "images": []}
        return self.model_copy(update=update).found_in(self._root, self.file)

    def addresses(self, options: Mapping[str, object]) -> str | None:
        """Of every replica, by commas: compose calls further containers NAME-2, NAME-3, ..."""
        if self.address is None:
            return None
        host, _, own = self.address.rpartition(":")
        port = next((one for one, when in self.ports.items() if _holds(when, options)), int(own))
        further = range(1, int(str(options.get(REPLICAS, 1))))
        if self.replica_ports is None:
            others = [f"{host}-{number + 1}:{port}" for number in further]
        elif _holds(self.replica_ports, options):
            others = [f"{host}:{port + number}" for number in further]
        else:
            others = []
        return ",".join([f"{host}:{port}", *others])

    counters: dict[ServerCount, ServerCounter] = {}
    """What its server counts by itself, if it is external."""

    @property
    def scores_nothing(self) -> bool:
        """Whether it answers without a model: then there is nothing to load, and to compare."""
        return self.model_format is None


def _holds(needed: Options, options: Mapping[str, object]) -> bool:
    return all(options.get(name) == value for name, value in needed.items())


class ModelFile(Config):
    """One file (or folder) of a model."""

    path: str
    sha256: Sha256 | None = None
    input: str | None = None
    """The tensor that takes the points, where the file has names; None: the only one."""
    output: str | None = None
    """The tensor that is scored; None: the only one."""
    constants: dict[str, Any] = {}
    """What further inputs get with every call: a number, or nested lists, by the input's name."""
    weights: dict[str, Sha256 | None] = {}
    """Further files of it, by their path beside it, with their digests."""


class _Tensor(Config):
    """One point, or one prediction."""

    shape: Shape
    dtype: DtypeName = "float32"

    @property
    def itemsize(self) -> int:
        """Bytes of a value, as it travels."""
        return DTYPES[self.dtype].numpy.itemsize

    @property
    def is_float(self) -> bool:
        """Whether right predictions may differ by a rounding."""
        return DTYPES[self.dtype].is_float


class _PointsFile(Config):
    """An .npz with [n, *shape] of the input's type and, if known, each point's class: int64[n]."""

    path: str
    sha256: Sha256 | None = None
    array: Literal["points"] = "points"
    labels: Literal["labels"] | None = None


class _Reference(Config):
    """[n, *output] of the output's type: predictions by the model's own framework."""

    path: str
    sha256: Sha256 | None = None


_SECONDS_OF_A_MINUTE: Final = 60
_SHORT_MINUTES: Final = 1.5
"""Below it, seconds say more."""
Weights = Literal["imagenet", "seeded"]
"""imagenet: as published with Keras. seeded: drawn from a seed; what is computed is the same, what
is answered means nothing."""


class MadeBy(Config):
    """How a model is made that is too large to lie in the repository."""

    module: Annotated[str, Field(pattern=r"^models(\.[a-z0-9_]+)+$")]
    """Of Python, below models/ of the model's root; run in the image."""
    image: Name = "model-maker"
    folder: str
    """Below models/, with all that is made, and nothing else."""
    memory: MemorySize
    """That it needs while it is made."""
    seconds: Seconds
    """That it takes, about."""
    megabytes: Count
    """Of the folder, about."""

    @property
    def words(self) -> str:
        """What it costs."""
        minutes = self.seconds / _SECONDS_OF_A_MINUTE
        time = f"{minutes:.0f} min" if minutes > _SHORT_MINUTES else f"{self.seconds:.0f} s"
        return f"about {time}, {self.megabytes:,} MB"


class Model(Entry):
    """configs/models/NAME.yaml."""

    description: str
    task: Literal["classification"] = "classification"
    input: _Tensor
    output: _Tensor
    tolerance: Tolerance
    parameters: Count | None = None
    points: _PointsFile | None = None
    reference: _Reference | None = None
    offline_accuracy: Unit | None = None
    points_per_second: Annotated[float, Field(gt=0)] | None = None
    """What one core scores, about: for estimates, until something has been measured."""
    formats: dict[str, ModelFile]
    made_by: MadeBy | None = None
    """None: its files are in the repository, or somebody brought them."""
    weights: Weights | None = None
    """Of a model that is made: which ones it has; read from what was made, and no part of the file.
    None: it is not made yet, or nobody makes it."""

    @property
    def unmade(self) -> bool:
        """Whether its files are not there yet, and can be made."""
        return self.made_by is not None and self.weights is None

    @property
    def shown(self) -> str:
        """As results and tables call it: a model with weights of another origin is another one."""
        return self.name if self.weights is None else f"{self.name} ({self.weights})"

    def as_made(self, weights: Weights, digests: Mapping[str, str]) -> Model:
        """The same, with what was made.

        Args:
            weights: that it has.
            digests: SHA-256 by the path of a file or folder.
        """

        def known(file: Any) -> Any:
            return file and file.model_copy(update={"sha256": digests[file.path]})

        update = {
            "weights": weights,
            "formats": {name: known(file) for name, file in self.formats.items()},
            "points": known(self.points),
            "reference": known(self.reference),
        }
        return self.model_copy(update=update).found_in(self._root, self.file)


CpuLimit = Literal["quota", "short-quota", "cores"]
"""How CPU limits are kept: see `stack.cpus`."""


class Resources(Config):
    """Limits of a service of one size class."""

    cpus: Cpus
    memory: MemorySize
    weight: Weight = 1024
    """CPU weight under contention (cgroup cpu.shares; 1024 is the kernel's default)."""
    heap: MemorySize | None = None
    """Of a JVM that sees records, all of it taken at the start (docs/jvm.md)."""
    jvm_options: str = ""
    """Flags of such a JVM, after those of the rule, so that they win."""


class Profile(Entry):
    """configs/profiles/NAME.yaml."""

    description: str
    extends: Name | None = None
    cpu_limit: CpuLimit = "quota"
    brokers: Annotated[int, Field(ge=1, le=64)] = 1
    """Kafka's, over which partitions are spread; each has the limits of size class `broker`."""
    max_message_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 29)] = MAX_MESSAGE_BYTES
    """Of a record in Kafka, all of it; brokers, topics and clients are told."""
    resources: dict[Name, Resources] = {}
    """By size class; a service says with a label which one it has (compose/README.md)."""
