"""Ray's knobs, with the defaults of docs/ray.md."""

from __future__ import annotations

from crayfish_contract.options import AtLeastOne, KafkaOptions


class RayOptions(KafkaOptions):
    """`processor.options` of a run config; durations in milliseconds.

    `poll_records` is also what one actor call carries at most.
    """

    workers: AtLeastOne = 1
    """Nodes beside the head, which are there already; actors are spread over them."""
    in_flight: AtLeastOne = 4
    """Unchained: calls under way per scorer before a source stops reading."""
    sink_requests: AtLeastOne = 5
    """Produce requests under way per broker: what comes while they are shares the next one."""
