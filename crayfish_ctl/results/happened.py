"""What happened in a run: what its containers used, what was done to them, and its steps."""

from __future__ import annotations

from .frozen import Frozen

UNDER_TEST = frozenset({"processor", "server"})
"""The roles whose CPU a result costs."""


class Collector(Frozen):
    """What a JVM's garbage collector did within the window."""

    collections: int
    full: int
    """Collections of the whole heap, which stop everything."""
    pause_ms: float
    """All pauses together."""
    longest_ms: float
    """The longest pause."""


class Component(Frozen):
    """One service over the measured window (all of its tasks)."""

    name: str
    node: str | None = None
    """The host that it ran on, where there were several."""
    role: str
    """producer, consumer, broker, processor, server, monitoring or idle."""
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


class HostClock(Frozen):
    """The clock of the processor's host, against that of producer and consumer."""

    node: str
    """The processor's host; several, with commas."""
    offset_ms: float | None = None
    """By how much it was ahead, and has been set back in all times of the records; None: nobody
    knows, and the stages between the hosts are left out."""
    uncertainty_ms: float | None = None
    """Half of the quickest exchange's round trip, and what the offset drifted by during the run."""


class FaultFact(Frozen):
    """What was really done to a container, and when."""

    service: str
    action: str
    """pause, kill or kill-process."""
    started_ns: int
    ended_ns: int
    failed: int | None = None
    """Where a model server is called: records whose call failed from its start on, until the next
    fault."""
    recovered_s: float | None = None
    """From its end until a record was scored after which no call failed any more; None if none
    failed, or none was scored then."""


class Step(Frozen):
    """One step of a run's life; `share` is its part of the whole run, 0 to 1."""

    name: str
    started_ns: int
    ended_ns: int
    seconds: float
    share: float
