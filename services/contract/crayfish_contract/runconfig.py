"""The run config: the one JSON file that tells every container of a run what to do.

It is mounted at `RUN_CONFIG_PATH`; its JSON schema is published as docs/schemas/run-config.json
(`crayfish schema`). Paths in it are paths inside the containers.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .codec import RecordFormat
from .dtypes import DtypeName  # noqa: TC001  pydantic reads the annotations

RUN_CONFIG_VERSION: Final = 1
RUN_CONFIG_PATH: Final = Path("/crayfish/run.json")
OUT_DIR: Final = Path("/out")
MAX_MESSAGE_BYTES: Final = 52_428_800
"""Of a record in Kafka, unless something else is said: 64 images of 224 x 224 x 3 values fit."""

PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Shape = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]
Options = dict[str, bool | int | float | str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SaslConfig(_Strict):
    """How a client of Kafka says who it is."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    folder: str
    """With the files of name and password, which stand nowhere else: see
    `crayfish_contract.security`."""


class KafkaConfig(_Strict):
    """Where the records travel. The topics are fresh for each run."""

    bootstrap: str
    input_topic: str
    output_topic: str
    input_partitions: PositiveInt
    output_partitions: PositiveInt
    max_message_bytes: PositiveInt = MAX_MESSAGE_BYTES
    topic_prefix: Annotated[str, Field(min_length=1)] = "crayfish-"
    """Whatever begins so belongs to this experiment, and may be removed."""
    brokers: PositiveInt = 1
    """So many are waited for before topics are made, whose partitions are spread over them."""
    external: bool = False
    """It was there before, and others use it: how many copies it keeps of a topic is its own."""
    tls: str | None = None
    """A file of certificates (PEM) that clients trust, or `system`: those that the container
    trusts. None: connections are not encrypted."""
    sasl: SaslConfig | None = None
    """None: clients do not say who they are."""


class Constant(_Strict):
    """What a further input of the model gets with every call."""

    dtype: DtypeName
    shape: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """All of it; empty: a single number."""
    data: tuple[int | float, ...]
    """Its values in C order; a bool is 0 or 1."""


class ModelConfig(_Strict):
    """The model that the processor loads."""

    name: str
    format: str
    path: str
    input_shape: Shape
    output_shape: Shape
    input_dtype: DtypeName = "float32"
    """Of the points."""
    output_dtype: DtypeName = "float32"
    """Of the predictions."""
    input_name: str | None = None
    """The tensor that takes the points, where the file has names; None: the only one."""
    output_name: str | None = None
    """The tensor that is scored; None: the only one."""
    batch: PositiveInt | None = 1
    """Points of each call; None: it changes from call to call."""
    constants: dict[str, Constant] | None = None
    """Further inputs by their names; None: it has none."""


class ToolConfig(_Strict):
    """What scores: an embedded library or a client of a server."""

    name: str
    options: Options = {}
    address: str | None = None
    """host:port of the model server, or several by commas, one for each replica; None if the tool
    is embedded."""
    tls: str | None = None
    """A file of certificates (PEM) that the server's client trusts, or `system`: those that the
    container trusts. None: calls are not encrypted."""


CallMode = Literal["blocking", "async", "batched"]
"""blocking: one call a record, one at a time. async: several calls of a scorer are under way.
batched: several records in one call."""


class CallConfig(_Strict):
    """How records reach the model."""

    mode: CallMode = "blocking"
    in_flight: PositiveInt = 1
    """async: calls under way for each scorer, at most."""
    ordered: bool = False
    """async: results leave in the order of their records."""
    records: PositiveInt = 1
    """batched: records in one call, at most."""
    wait_ms: Annotated[float, Field(ge=0)] = 0.0
    """batched: how long a call may wait for them; 0: it takes what lies ready."""


class ProcessorConfig(_Strict):
    """The stream processor, and knobs that only it understands."""

    name: str
    runtime: Literal["python", "jvm"]
    options: Options = {}


class Parallelism(_Strict):
    """How many of each operator; `chained` fuses neighbours of equal parallelism."""

    source: PositiveInt = 1
    scorer: PositiveInt = 1
    sink: PositiveInt = 1
    chained: bool = True


class ConstantArrivals(_Strict):
    """Record i is due at start + i / rate."""

    kind: Literal["constant"] = "constant"
    rate: PositiveFloat
    """records/s"""


class PoissonArrivals(_Strict):
    """Gaps between records are exponential and independent: what many separate users make."""

    kind: Literal["poisson"] = "poisson"
    rate: PositiveFloat
    """records/s in the mean"""
    seed: int = 0


class BurstyArrivals(_Strict):
    """A base rate, then a burst, and again: begins with the base."""

    kind: Literal["bursty"] = "bursty"
    base_rate: PositiveFloat
    """records/s"""
    burst_rate: PositiveFloat
    """records/s"""
    base_seconds: PositiveFloat
    burst_seconds: PositiveFloat

    @property
    def rate(self) -> float:
        """Mean over a whole period, records/s."""
        records = self.base_rate * self.base_seconds + self.burst_rate * self.burst_seconds
        return records / (self.base_seconds + self.burst_seconds)


class RampArrivals(_Strict):
    """The rate goes from `start_rate` to `end_rate` in a straight line, and stays there."""

    kind: Literal["ramp"] = "ramp"
    start_rate: PositiveFloat
    """records/s"""
    end_rate: PositiveFloat
    """records/s"""
    seconds: PositiveFloat

    @property
    def rate(self) -> float:
        """Mean over the ramp, records/s."""
        return (self.start_rate + self.end_rate) / 2


class TraceArrivals(_Strict):
    """Replays the arrival times of a file; the end of the file ends the segment."""

    kind: Literal["trace"] = "trace"
    path: str
    """An .npy of float64 seconds after the segment's start, ascending; inside the container."""
    records: PositiveInt
    seconds: PositiveFloat
    """Offset of the last record, after `speed`."""
    speed: PositiveFloat = 1.0
    """2: twice as fast as recorded."""

    @property
    def rate(self) -> float:
        """Mean over the trace, records/s."""
        return self.records / self.seconds


class MaxArrivals(_Strict):
    """Every record is due at once: as fast as the producer can, until the broker pushes back."""

    kind: Literal["max"] = "max"


PacedArrivals = ConstantArrivals | PoissonArrivals | BurstyArrivals | RampArrivals | TraceArrivals
"""Those with a schedule; `rate` is their mean in records/s."""
Arrivals = Annotated[PacedArrivals | MaxArrivals, Field(discriminator="kind")]
Pipeline = Literal["kafka", "in-job", "raw"]
"""kafka: producer, Kafka, processor, Kafka, consumer. in-job: source and sink are operators of the
processor's job, without Kafka. raw: no processor at all, the scorer in a loop."""


class StopRule(_Strict):
    """When the measured segment ends: after `seconds` of schedule or `count` records, or both."""

    seconds: PositiveFloat | None = None
    count: PositiveInt | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.seconds is None and self.count is None:
            raise ValueError("give seconds, count or both: the segment would never end")
        return self


class Settle(_Strict):
    """The end of a warm-up that is decided by what it shows: records at the workload's own rate."""

    rate: PositiveFloat
    """records/s"""
    block_seconds: PositiveFloat = 1.0
    """The latencies of so long a time are looked at together."""
    max_seconds: PositiveFloat = 30.0
    """Then the measured segment begins all the same."""


class Warmup(_Strict):
    """Records that go first, tagged and left out of the numbers, at their own constant rate."""

    seconds: Annotated[float, Field(ge=0)] = 5.0
    rate: PositiveFloat
    drain: bool = False
    """Wait for all of them to come back before the measured segment starts."""
    settle: Settle | None = None
    """What follows them, until the latency falls no more; None: nothing."""

    @property
    def longest_seconds(self) -> float:
        """Of both parts, without the drain."""
        return self.seconds + (self.settle.max_seconds if self.settle else 0.0)


class PointsConfig(_Strict):
    """The source of the points; payloads are made before the first record is sent."""

    kind: Literal["file", "random"] = "file"
    path: str | None = None
    """file: an .npy ([n, *shape] of the input's type), an .npz (arrays points, labels) or a
    .parquet."""
    reference_path: str | None = None
    """[n, *output] of the output's type: predictions of the model for these points; None: not
    checked."""
    tolerance: PositiveFloat = 1e-5
    """Largest |output - reference| that counts as equal."""
    count: PositiveInt
    """Points in the file, or how many to generate."""
    seed: int = 0
    pool: PositiveInt
    """Distinct payloads; see `crayfish_contract.arrays.point_indices`."""


class WorkloadConfig(_Strict):
    """What the producer sends."""

    arrivals: Arrivals
    stop: StopRule
    warmup: Warmup
    batch_size: PositiveInt = 1
    points: PointsConfig


class ProducerClient(_Strict):
    """Settings of the producer's Kafka client: part of the method, so they are explicit."""

    acks: Literal["0", "1", "all"] = "1"
    linger_ms: Annotated[float, Field(ge=0)] = 0.0
    batch_bytes: PositiveInt = 1_000_000
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = "none"
    queue_bytes: PositiveInt = 64 * 1024 * 1024
    """What may wait in the client; a full queue holds the producer back and shows as lag."""
    queue_records: PositiveInt = 1_000_000
    """The same limit as a number of records."""
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    """Producers that share one schedule: record i of a segment is sent by producer i mod P, each
    with a client, and its settings, of its own."""


class Deadlines(_Strict):
    """How long a part may wait, in seconds, before it calls the run a failure."""

    ready: PositiveFloat = 120.0
    """From the start of a container until the first canary came back scored."""
    drain_idle: PositiveFloat = 15.0
    """After the last record was sent: this long without any result ends the run; longer, if the
    canaries have shown that a record takes longer."""
    drain_total: PositiveFloat = 120.0
    """After the last record was sent: the run ends even if results still trickle in."""
    listen: Annotated[float, Field(ge=0)] = 0.0
    """After the last id has come back: duplicates may still come, and are listened for."""
    stop: PositiveFloat = 7.0
    """After SIGTERM: a processor cuts off what it is still doing. Its container's grace period must
    be longer, by what ending takes."""


class RunConfig(_Strict):
    """Everything a container of one run needs to know."""

    version: Literal[1] = RUN_CONFIG_VERSION
    run_id: str
    kafka: KafkaConfig
    model: ModelConfig
    tool: ToolConfig
    call: CallConfig = CallConfig()
    processor: ProcessorConfig
    parallelism: Parallelism = Parallelism()
    format: RecordFormat = RecordFormat.BINARY
    delivery: Literal["at-least-once", "exactly-once"] = "at-least-once"
    pipeline: Pipeline = "kafka"
    job_out: str | None = None
    """in-job: the run's `out` folder as the processor's workers see it."""
    workload: WorkloadConfig
    producer: ProducerClient = ProducerClient()
    deadlines: Deadlines = Deadlines()
    consumer_url: str = "http://consumer:8000"
    """Where the consumer answers: the producer asks for canaries and says when it has finished."""


class RunConfigError(ValueError):
    """The run config cannot be read; the message names file and field."""


def load_run_config(path: Path | None = None) -> RunConfig:
    """Read the run config from `path`, $CRAYFISH_RUN_CONFIG or `RUN_CONFIG_PATH`.

    Raises:
        RunConfigError: naming the file, and each field with what is wrong.
    """
    path = path or Path(os.environ.get("CRAYFISH_RUN_CONFIG", str(RUN_CONFIG_PATH)))
    try:
        return RunConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunConfigError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise RunConfigError(f"{path}: {describe(error)}") from None


def describe(error: ValidationError, within: str = "") -> str:
    """Each wrong field with its path (below the path `within`), one after the other, for people."""
    return "; ".join(
        f"{'.'.join(map(str, filter(None, (within, *item['loc'])))) or 'file'}: {item['msg']}"
        for item in error.errors()
    )
