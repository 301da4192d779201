"""What `run.json` says: one run's numbers and its verdict (docs/results.md explains each field).

The models are the published schema of the results (`results_schema`), so a field is only ever
added; a change of meaning raises `RESULTS_VERSION`. Times are Unix nanoseconds, latencies are
milliseconds, memory is bytes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from crayfish_ctl.plan.model import RunSpec  # noqa: TC001  # pydantic reads the annotation

RESULTS_VERSION: Final = 1

STAGES: Final = ("schedule", "input", "score", "output")
"""The parts of a record's latency, in order; of one record they add up to it exactly."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, ser_json_inf_nan="null")


class VerdictState(StrEnum):
    """What a run is worth."""

    VALID = "VALID"
    INVALID = "INVALID"
    """It ended, but its numbers do not mean what they should; the reasons say why."""
    FAILED = "FAILED"
    """It did not end: a component died, or never became ready."""


class Reason(_Frozen):
    """Why a run is INVALID, or what a reader should know of a VALID one."""

    code: str
    message: str
    """With figures, and what to do."""


class Failure(_Frozen):
    """What ended a FAILED run."""

    component: str
    message: str
    log_tail: tuple[str, ...] = ()


class Verdict(_Frozen):
    """The state of a run with its reasons; `notes` never make a run INVALID."""

    state: VerdictState
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    failure: Failure | None = None


class Step(_Frozen):
    """One step of a run's life; `share` is its part of the whole run, 0 to 1."""

    name: str
    started_ns: int
    ended_ns: int
    seconds: float
    share: float


class Counts(_Frozen):
    """Records of the measured segment, by what became of them.

    sent = ok + failed + lost + unfinished + undelivered.
    """

    sent: int
    delivered: int
    """Acknowledged by the broker (with acks=0: handed to it without an error)."""
    received: int
    """Ids with at least one result: ok + failed."""
    ok: int
    failed: int
    """Came back with status failed."""
    lost: int
    """Delivered, and no result although the run waited until nothing came any more."""
    unfinished: int
    """Delivered, and still without a result when the run's time was over."""
    undelivered: int
    """The broker refused them, or did not answer."""
    duplicates: int
    """Results beyond the first of an id."""
    undecodable: int
    """Messages of the output topic from which not even an id could be read; of the whole run."""
    points: int
    """Points in the ok records."""


class Percentiles(_Frozen):
    """A distribution over all records, nearest-rank percentiles (Hyndman and Fan, type 1)."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p99_9: float
    max: float


class Window(_Frozen):
    """The measured window."""

    start_ns: int
    """The first measured record was due."""
    sending_end_ns: int
    """The schedule was over, or the last record was sent, whichever came later."""
    last_result_ns: int | None
    schedule_seconds: float
    """How long the schedule of the measured segment is (for `max`: how long sending took)."""


class Capacity(_Frozen):
    """How fast the results came while there was always work waiting, records/s."""

    records_per_s: float
    """Over the middle 80 % of all results."""
    sharing_records_per_s: float | None
    """While the producer was still sending, so everything shared the machine."""
    drain_records_per_s: float | None
    """After the producer had finished: the pipeline has the machine to itself."""
    lower_bound: bool
    """The backlog never grew: the pipeline could have done more than it was offered."""


class Throughput(_Frozen):
    """Rates of the measured segment."""

    offered_records_per_s: float | None
    """What the schedule asked for; None for `max`, which asks for everything at once."""
    sent_records_per_s: float
    achieved_records_per_s: float
    """Ok results in a window of the schedule's length that opens with the first result."""
    achieved_points_per_s: float
    capacity: Capacity | None = None
    """Only for goal saturate."""
    processor_records_per_s: float | None = None
    """By the processor's own counter (configs/processors), over the same time as the capacity."""


class Efficiency(_Frozen):
    """What the system under test (processor and model server) pays for its results."""

    cpu_seconds: float
    records_per_cpu_second: float
    drain_records_per_cpu_second: float | None
    """The same, after the producer had finished."""
    cpu_seconds_per_million_points: float


class Correctness(_Frozen):
    """Do the results say what the model says?"""

    checked: int
    """Records whose outputs were compared with the reference."""
    max_deviation: float | None
    """Largest |output - reference| of all of them."""
    tolerance: float | None
    beyond_tolerance: int
    """Records that deviate by more than the tolerance."""
    end_to_end_accuracy: float | None
    """Share of points whose class is their label, in the results."""
    offline_accuracy: float | None
    """The same by the reference predictions, over exactly the points of those records."""
    test_set_accuracy: float | None
    """The same, once over each point of the file."""


class Collector(_Frozen):
    """What a JVM's garbage collector did within the window."""

    collections: int
    full: int
    """Collections of the whole heap, which stop everything."""
    pause_ms: float
    """All pauses together."""
    longest_ms: float
    """The longest pause."""


Role = Literal["producer", "consumer", "broker", "processor", "server", "monitoring", "idle"]
"""What a component is for."""


class Component(_Frozen):
    """One compose service over the measured window (all of its containers)."""

    name: str
    role: Role
    image: str | None = None
    cpu_seconds: float | None = None
    mean_cores: float | None = None
    cpu_limit_cores: float | None = None
    throttled_share: float | None = None
    """Share of the scheduler's periods in which the container ran out of its CPU limit."""
    throttled_seconds: float | None = None
    peak_memory_bytes: int | None = None
    """Highest working set of the samples (one each second)."""
    max_memory_bytes: int | None = None
    """The kernel's own high-water mark, page cache included."""
    memory_limit_bytes: int | None = None
    collector: Collector | None = None
    """None: no JVM, or one that does not log its pauses."""
    jvm_flags: tuple[str, ...] = ()
    """The flags that the JVMs of the container ran with (those that begin with -X)."""
    restarts: int = 0
    oom_killed: bool = False
    exit_code: int | None = None


class Backlog(_Frozen):
    """Records sent and not yet back."""

    max: int
    at_sending_end: int
    slope_records_per_s: float
    """Of a straight line through it while the producer was sending."""
    slope_p_value: float
    """Probability of such a slope, upwards, if there were no trend (one-sided)."""


class Warmed(_Frozen):
    """How long the system was warmed up before the window."""

    seconds: float
    """From the first warm-up record to the window, drain included."""
    settle_seconds: float | None = None
    """Of these, at the workload's own rate while the latency was watched; None: it was not."""
    settled: bool | None = None
    """Whether the latency fell no more when the window began."""


class Trend(_Frozen):
    """Is the latency of the second half of the window that of the first?"""

    first_half_p50_ms: float
    second_half_p50_ms: float


class Steady(_Frozen):
    """Mann-Kendall test for a trend in the medians of equal blocks of the window."""

    steady: bool
    p_value: float
    """Probability of such an order of the blocks if there were no trend (two-sided)."""
    change: float
    """Theil-Sen slope times the window, relative to the median: 0.1 is 10 % more at the end."""


class Burst(_Frozen):
    """One burst of a bursty workload, and how the pipeline came back from it."""

    start_ns: int
    end_ns: int
    peak_backlog: int
    peak_latency_ms: float
    band_ms: float
    """Upper end of the base's band: the p99 of the latency before the first burst."""
    recovered_ns: int | None
    """From here on the latency is within the base's band; None: not before the next burst."""
    recovery_seconds: float | None
    """recovered_ns - end_ns; 0 if the band was never left."""


class FaultFact(_Frozen):
    """What was really done to a container, and when."""

    service: str
    action: Literal["pause", "kill"]
    started_ns: int
    ended_ns: int


class RunResult(_Frozen):
    """`run.json`. Of a FAILED run only version, run_id, spec, steps and verdict are there."""

    version: Literal[1] = RESULTS_VERSION
    run_id: str
    spec: RunSpec
    verdict: Verdict
    steps: tuple[Step, ...] = ()
    window: Window | None = None
    consumer_ended: str | None = None
    """Why the consumer stopped: all, idle, deadline or signal."""
    counts: Counts | None = None
    latency_ms: Percentiles | None = None
    """From due to consumed."""
    service_ms: Percentiles | None = None
    """From the scoring function's receipt to the model's answer."""
    stages_ms: dict[str, Percentiles] = {}
    """Keys: `STAGES`."""
    broker_latency_ms: Percentiles | None = None
    """From append time in the input topic to append time in the output topic, whole ms."""
    published_latency_ms: Percentiles | None = None
    """From sent to append time in the output topic, whole ms: as the published study counts."""
    schedule_lag_ms: Percentiles | None = None
    """How late the producer sent: sent - due, of all measured records."""
    throughput: Throughput | None = None
    efficiency: Efficiency | None = None
    correctness: Correctness | None = None
    components: tuple[Component, ...] = ()
    backlog: Backlog | None = None
    trend: Trend | None = None
    steady: Steady | None = None
    warmed: Warmed | None = None
    send_latency_ms: Percentiles | None = None
    """From sent to consumed: hides every wait before the send (coordinated omission)."""
    bursts: tuple[Burst, ...] = ()
    faults: tuple[FaultFact, ...] = ()

    @property
    def cores_used(self) -> float | None:
        """By processor and model server together; None if that of one is not known."""
        used = [part.mean_cores for part in self._under_test]
        known = [cores for cores in used if cores is not None]
        return sum(known) if known and len(known) == len(used) else None

    @property
    def cores_allowed(self) -> float | None:
        """The limits of processor and model server together; None if one has none."""
        limits = [part.cpu_limit_cores for part in self._under_test]
        known = [cores for cores in limits if cores is not None]
        return sum(known) if known and len(known) == len(limits) else None

    @property
    def longest_pause_ms(self) -> float | None:
        """Of a JVM of the processor or the model server; None if there is none."""
        pauses = [part.collector.longest_ms for part in self._under_test if part.collector]
        return max(pauses, default=None)

    @property
    def _under_test(self) -> list[Component]:
        return [part for part in self.components if part.role in {"processor", "server"}]

    @property
    def recovery_seconds(self) -> float | None:
        """Mean over the bursts; None without any, or if the run did not recover from one."""
        known = [
            burst.recovery_seconds for burst in self.bursts if burst.recovery_seconds is not None
        ]
        complete = bool(known) and len(known) == len(self.bursts)
        return sum(known) / len(known) if complete else None
