"""What `run.json` says: one run's numbers and its verdict (docs/results.md explains each field).

The models are the published schema of the results (`results_schema`), so a field is only ever
added; a change of meaning raises `RESULTS_VERSION`. Times are Unix nanoseconds, latencies are
milliseconds, memory is bytes.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from crayfish_ctl.cells import RunSpec

from .frozen import Frozen
from .happened import UNDER_TEST, Component, FaultFact, HostClock, Step
from .nodes import NodeUse
from .numbers import (
    Backlog,
    Burst,
    CallFacts,
    Correctness,
    Counts,
    Efficiency,
    Percentiles,
    ProducerShare,
    ServerFacts,
    Steady,
    Throughput,
    Trend,
    Warmed,
    Window,
)
from .verdict import Verdict

RESULTS_VERSION: Final = 1

STAGES: Final = ("schedule", "input", "wait", "score", "output")
"""The parts of a record's latency, in order; of one record they add up to it exactly."""


class RunResult(Frozen):
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
    stages_ms: dict[str, Percentiles] = Field(default_factory=dict)
    """Keys: `STAGES`."""
    broker_latency_ms: Percentiles | None = None
    """From append time in the input topic to append time in the output topic, whole ms."""
    published_latency_ms: Percentiles | None = None
    """From sent to append time in the output topic, whole ms: as the published study counts."""
    host_clock: HostClock | None = None
    """Of the processor's host; None if producer and consumer run on the same one."""
    calls: CallFacts | None = None
    """Of a model server; None if none is called."""
    server: ServerFacts | None = None
    """What the model server itself counted; None if it counts nothing that is known here."""
    schedule_lag_ms: Percentiles | None = None
    """How late the producer sent: sent - due, of all measured records."""
    producers: tuple[ProducerShare, ...] = ()
    """Each of several that shared the schedule; empty if one sent it all."""
    throughput: Throughput | None = None
    efficiency: Efficiency | None = None
    correctness: Correctness | None = None
    components: tuple[Component, ...] = ()
    nodes: tuple[NodeUse, ...] = ()
    """The hosts; empty if nobody looked at them."""
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
        return [part for part in self.components if part.role in UNDER_TEST]

    @property
    def recovery_seconds(self) -> float | None:
        """Mean over the bursts; None without any, or if the run did not recover from one."""
        known = [
            burst.recovery_seconds for burst in self.bursts if burst.recovery_seconds is not None
        ]
        complete = bool(known) and len(known) == len(self.bursts)
        return sum(known) / len(known) if complete else None
