"""Ray's knobs, with the defaults of docs/ray.md."""

from __future__ import annotations

from crayfish_contract.options import AtLeastOne, NotNegative, ProcessorOptions


class RayOptions(ProcessorOptions):
    """`processor.options` of a run config; durations in milliseconds."""

    max_batch: AtLeastOne = 100
    """Records that one fetch, and so one actor call, carries at most. It never waits for more."""
    in_flight: AtLeastOne = 4
    """Unchained: calls under way per scorer before a source stops reading."""
    commit_interval_ms: NotNegative = 1000
    """How often offsets of acknowledged records are committed."""
    sink_linger_ms: NotNegative = 0
    sink_requests: AtLeastOne = 5
    """Produce requests under way per broker: what comes while they are shares the next one."""
    fetch_max_wait_ms: AtLeastOne = 500
    """Kafka source: how long the broker may hold an empty fetch; it answers at once on data."""
