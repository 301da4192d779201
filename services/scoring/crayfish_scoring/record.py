"""From a request message to a result message: the loop body of every Python processor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.codec import (
    CODECS,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    RESULT,
    VERSION,
    CodecError,
    Record,
    RecordFormat,
    Status,
    failed,
)

if TYPE_CHECKING:
    from .base import Scorer

_OK: Final = int(Status.OK)
_FAILED: Final = int(Status.FAILED)
_NO_ID: Final = HEADER.pack(MAGIC, VERSION, RESULT, _FAILED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
"""Stands for a message whose id cannot be read: no segment, so the consumer counts it apart."""


class RecordScorer:
    """Scores one message at a time; never raises, never drops.

    Args:
        scorer: loaded, and used by this object alone.
        shape: of one point.
        record_format: how requests are read and results written.
    """

    def __init__(self, scorer: Scorer, shape: tuple[int, ...], record_format: RecordFormat) -> None:
        self._score = scorer.score
        self._shape = shape
        self._values = int(np.prod(shape))
        self._codec = CODECS[record_format]
        self.process = self._binary if record_format is RecordFormat.BINARY else self._any
        """message -> message; bound once, so that the choice costs nothing per record."""

    def _binary(self, message: bytes) -> bytes:
        """The fast path: the header is taken apart and put together once, without objects."""
        received = time.time_ns()
        try:
            magic, version, flags, _, _, id_, intended, sent, _, _, batch, values, _, _ = (
                HEADER.unpack_from(message)
            )
        except Exception:  # noqa: BLE001  too short to hold an id
            return _NO_ID
        if magic != MAGIC or version != VERSION:
            return _NO_ID
        try:
            if values != self._values:
                return self._fail(message, received)
            points = np.frombuffer(message, np.float32, -1, HEADER_BYTES)
            output = self._score(points.reshape((batch, *self._shape)))
            body = output.tobytes()
            outputs = output.size // batch
        except Exception:  # noqa: BLE001  whatever a model raises, the record comes out as failed
            return self._fail(message, received)
        return (
            HEADER.pack(
                magic, version, flags | RESULT, _OK, 0, id_, intended, sent,
                received, time.time_ns(), batch, values, outputs, 0,
            )
            + body
        )  # fmt: skip

    def _fail(self, message: bytes, received: int) -> bytes:
        fields = list(HEADER.unpack_from(message))
        fields[2] |= RESULT
        fields[3] = _FAILED
        fields[8:10] = received, time.time_ns()
        fields[12] = 0
        return HEADER.pack(*fields)

    def _any(self, message: bytes) -> bytes:
        """Any format, through its codec."""
        received = time.time_ns()
        try:
            record: Record = self._codec.decode(message)
        except CodecError:
            return _NO_ID
        header = record.header
        try:
            points = record.data.reshape((header.batch, *self._shape))
            output = self._score(points)
            data = output.reshape(header.batch, -1)
        except Exception:  # noqa: BLE001
            return self._codec.encode(
                failed(header, received, time.time_ns()), np.empty(0, np.float32)
            )
        return self._codec.encode(
            header._replace(
                is_result=True,
                status=Status.OK,
                received_ns=received,
                scored_ns=time.time_ns(),
                outputs=data.shape[1],
            ),
            data,
        )
