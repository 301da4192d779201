"""Has a pipeline warmed up? Judged by the latency of the records that warm it up, block by block.

A JVM compiles for seconds or for a minute, a cache fills, a client learns: how long a warm-up has
to be is not known beforehand. So records go at the workload's own rate until their latency falls no
more. A latency that rises is no reason to wait: that is a backlog, which the verdict judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS: Final = 12
"""So many are looked at: the older half is held against the newer one. The rule is asked again
after every block, so with few of them chance ends it: with eight, some of ten cold JVMs at 500/s
were taken for warm as soon as that could be, with twice the p99 of the others."""
_LEFT: Final = {"p50_ms": 0.85, "p95_ms": 0.8}
"""The newer half must have at least this much of the older half's: what is less still falls. Wider
for the tail, which varies more from block to block."""
_COMPLETE: Final = 0.9
"""Of its records that must be back before a block is looked at."""


@dataclass(frozen=True, slots=True)
class Block:
    """The records that were due within one stretch of time."""

    count: int
    """How many are back."""
    p50_ms: float
    p95_ms: float


def is_settled(blocks: Sequence[Block], expected: float) -> bool:
    """Whether the latency falls no more.

    Args:
        blocks: in the order of their time.
        expected: records that are due in each.
    """
    whole = [block for block in blocks if block.count >= _COMPLETE * expected][-BLOCKS:]
    if len(whole) < BLOCKS:
        return False
    older, newer = whole[: BLOCKS // 2], whole[BLOCKS // 2 :]
    return all(
        median(getattr(block, name) for block in newer)
        >= share * median(getattr(block, name) for block in older)
        for name, share in _LEFT.items()
    )
