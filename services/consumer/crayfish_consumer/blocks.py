"""Latency of the warm-up's records, in blocks of their due times: says when it may end."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from crayfish_contract.codec import Segment
from crayfish_load.settled import Block

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.void]
    Times = npt.NDArray[np.int64]


class WarmupBlocks:
    """Keeps due time and latency of each warm-up record; asked from another thread."""

    def __init__(self) -> None:
        self._parts: list[tuple[Times, Times]] = []

    def add(self, rows: Rows) -> None:
        """Note rows (RECEIVED); those of other segments are passed over."""
        rows = rows[rows["segment"] == Segment.WARMUP]
        if len(rows):
            due = rows["intended_ns"].copy()
            self._parts.append((due, rows["consumed_ns"] - due))

    def since(self, start_ns: int, block_ns: int) -> list[dict[str, Any]]:
        """Every block from a time on.

        Args:
            start_ns: Unix ns; where the first block begins.
            block_ns: length of a block.

        Returns:
            `Block`s as dictionaries; one without a record has count 0 and latencies 0.
        """
        parts = list(self._parts)
        if not parts:
            return []
        due, latency = (np.concatenate(column) for column in zip(*parts, strict=True))
        latency = latency[due >= start_ns]
        place = (due[due >= start_ns] - start_ns) // block_ns
        blocks = []
        for number in range(int(place.max(initial=-1)) + 1):
            within = latency[place == number] / 1e6
            p50, p95 = np.percentile(within, (50, 95)) if len(within) else (0.0, 0.0)
            blocks.append(asdict(Block(len(within), float(p50), float(p95))))
        return blocks
