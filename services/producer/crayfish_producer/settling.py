"""The last part of the warm-up: at the workload's own rate, until the latency falls no more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crayfish_contract.codec import Segment
from crayfish_contract.runconfig import ConstantArrivals, StopRule
from crayfish_load.settled import Block, is_settled

if TYPE_CHECKING:
    import threading

    from crayfish_contract.runconfig import Settle

    from .consumer_api import ConsumerApi
    from .producers import Producers


@dataclass(frozen=True)
class Settled:
    """How it went."""

    end_ns: int
    """Unix ns; the measured segment may begin."""
    seconds: float
    settled: bool
    """False: it was given up at the limit, and the latency may still have been falling."""


def settle(
    rule: Settle,
    producers: Producers,
    consumer: ConsumerApi,
    start_ns: int,
    stop: threading.Event,
) -> Settled:
    """Send block after block until the consumer's figures show no fall, or the limit is reached.

    Args:
        rule: rate, length of a block, limit.
        producers: send the records.
        consumer: knows their latencies.
        start_ns: Unix ns, when the first record is due.
        stop: ends it at once.
    """
    arrivals = ConstantArrivals(rate=rule.rate)
    expected = rule.rate * rule.block_seconds
    limit_ns = start_ns + round(rule.max_seconds * 1e9)
    end_ns, settled = start_ns, False
    while not settled and end_ns < limit_ns and not stop.is_set():
        end_ns = producers.send(
            Segment.WARMUP, arrivals, StopRule(seconds=rule.block_seconds), end_ns
        )
        found = consumer.blocks(start_ns, round(rule.block_seconds * 1e9))
        settled = is_settled([Block(**block) for block in found], expected)
    # What was due while the consumer was asked would be late.
    return Settled(max(end_ns, time.time_ns()), (end_ns - start_ns) / 1e9, settled)
