"""Latencies of the warm-up by the time at which its records were due."""

from __future__ import annotations

import numpy as np

from crayfish_consumer.blocks import WarmupBlocks
from crayfish_contract.arrays import RECEIVED
from crayfish_contract.codec import Segment

S = 10**9


def rows(due_s: list[float], latency_ms: float, segment: Segment = Segment.WARMUP) -> np.ndarray:
    made = np.zeros(len(due_s), dtype=RECEIVED)
    made["segment"] = int(segment)
    made["intended_ns"] = [round(due * S) for due in due_s]
    made["consumed_ns"] = made["intended_ns"] + round(latency_ms * 1e6)
    return made


def test_records_belong_to_the_block_in_which_they_were_due() -> None:
    blocks = WarmupBlocks()
    blocks.add(rows([9.5], 99.0))  # before the time that is asked for
    blocks.add(rows([10.0, 10.5, 12.9], 2.0))
    blocks.add(rows([12.1], 4.0))  # they need not come in order
    blocks.add(rows([12.2], 50.0, Segment.MEASURED))
    assert blocks.since(10 * S, S) == [
        {"count": 2, "p50_ms": 2.0, "p95_ms": 2.0},
        {"count": 0, "p50_ms": 0.0, "p95_ms": 0.0},
        {"count": 2, "p50_ms": 3.0, "p95_ms": 3.9},
    ]


def test_nothing_has_come_yet() -> None:
    blocks = WarmupBlocks()
    assert blocks.since(0, S) == []
    blocks.add(rows([1.0], 1.0))
    assert blocks.since(2 * S, S) == []
