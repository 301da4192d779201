"""What the consumer says of itself when it has ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from crayfish_contract.clock import clock_offset_ns


@dataclass
class Summary:
    """`consumer.json`; times are Unix ns."""

    started_ns: int = field(default_factory=time.time_ns)
    clock_start_ns: int = field(default_factory=clock_offset_ns)
    clock_end_ns: int | None = None
    """Unix time minus monotonic time at both ends of the run: they differ if the clock was set."""
    ready_ns: int | None = None
    first_canary_ns: int | None = None
    first_result_ns: int | None = None
    last_result_ns: int | None = None
    finished_ns: int | None = None
    ended: str | None = None
    expected: int | None = None
    canaries_ok: int = 0
    canaries_failed: int = 0
    canary_service_s: float = 0.0
    """The longest, from received to scored."""
    drain_idle_s: float = 0.0
    """How long the drain waits for a result."""
    received: int = 0
    unique_warmup: int = 0
    unique_measured: int = 0
    duplicates: int = 0
    failed: int = 0
    undecodable: int = 0
    deviation_max: float | None = None
    cpu_seconds: float | None = None
