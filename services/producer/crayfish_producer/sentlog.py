"""What was sent and what became of it, written to a file in chunks as deliveries complete."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from crayfish_contract.arrays import SENT

if TYPE_CHECKING:
    from crayfish_contract.codec import Segment

CHUNK: Final = 16384
"""Records per chunk; a chunk is written when all its records are acknowledged or have failed."""
_UNKNOWN: Final = -1


@dataclass(slots=True)
class Chunk:
    """Consecutive records of one segment and one producer.

    `intended_ns` is known before; `sent_ns` grows as records are sent; the delivery reports fill in
    the rest by position.
    """

    first_id: int
    segment: Segment
    intended_ns: np.ndarray[tuple[int], np.dtype[np.int64]]
    sent_ns: array[int] = field(default_factory=lambda: array("q"))
    append_ms: array[int] = field(default_factory=lambda: array("q"))
    errors: array[int] = field(default_factory=lambda: array("i"))
    reported: int = 0
    closed: bool = False
    """No more records will be sent in it."""
    step: int = 1
    """From one id to the next: as many as there are producers."""

    def __post_init__(self) -> None:
        count = len(self.intended_ns)
        self.append_ms = array("q", [_UNKNOWN]) * count
        self.errors = array("i", [_UNKNOWN]) * count


class SentLog:
    """The open chunks of a run and the file behind them; memory is bounded by what is in flight."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._open: dict[int, Chunk] = {}
        self.delivered = 0
        self.undelivered = 0
        self.error_codes: dict[str, int] = {}

    def open(self, chunk: Chunk) -> None:
        """Start a chunk."""
        self._open[id(chunk)] = chunk

    def report(self, chunk: Chunk, position: int, append_ms: int, error: int, name: str) -> None:
        """A delivery report: the broker's append time, or librdkafka's error code and its name."""
        chunk.errors[position] = error
        if error:
            self.undelivered += 1
            self.error_codes[name] = self.error_codes.get(name, 0) + 1
        else:
            chunk.append_ms[position] = append_ms
            self.delivered += 1
        chunk.reported += 1
        if chunk.closed and chunk.reported == len(chunk.sent_ns):
            self._write(chunk)

    def close_chunk(self, chunk: Chunk) -> None:
        """Nothing more is sent in this chunk."""
        chunk.closed = True
        if chunk.reported == len(chunk.sent_ns):
            self._write(chunk)

    def close(self) -> None:
        """Write what is left: records without a report stay marked as undelivered (-1)."""
        for chunk in list(self._open.values()):
            self.undelivered += len(chunk.sent_ns) - chunk.reported
            self._write(chunk)
        self._file.flush()

    def _write(self, chunk: Chunk) -> None:
        count = len(chunk.sent_ns)
        rows = np.zeros(count, dtype=SENT)
        rows["id"] = chunk.first_id + chunk.step * np.arange(count, dtype=np.uint64)
        rows["segment"] = int(chunk.segment)
        rows["sent_ns"] = np.frombuffer(chunk.sent_ns, dtype=np.int64) if count else []
        rows["intended_ns"] = chunk.intended_ns[:count]
        rows["in_append_ms"] = chunk.append_ms[:count]
        rows["delivery_error"] = chunk.errors[:count]
        self._file.write(rows.tobytes())
        self._open.pop(id(chunk), None)
