"""From a request message to a result message: the loop body of every Python processor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from crayfish_contract.codec import (
    CODECS,
    DTYPE_SHIFT,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    RESULT,
    VERSION,
    CodecError,
    Header,
    Reason,
    RecordFormat,
    Segment,
    Status,
    are_valid,
    failed,
)
from crayfish_contract.dtypes import DTYPES, Dtype
from crayfish_contract.service import json_logger

if TYPE_CHECKING:
    from .base import Scorer, Values

_OK: Final = int(Status.OK)
_FAILED: Final = int(Status.FAILED)
_NO_ID: Final = HEADER.pack(MAGIC, VERSION, RESULT, _FAILED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
"""Stands for a message whose id cannot be read: no segment, so the consumer counts it apart."""


_ANSWERED: Final = {dtype.numpy: dtype << DTYPE_SHIFT | RESULT for dtype in Dtype}
"""What the flags of a result have beside its segment, by the type of its predictions."""
_SEGMENT_BITS: Final = (1 << DTYPE_SHIFT) - 1
_NOTHING: Final = np.empty(0, dtype=np.float32)
_LONGEST_WAIT_US: Final = 2**32 - 1
_log = json_logger("scorer")


class Begun(NamedTuple):
    """A request that is to be scored."""

    header: Header
    points: Values
    """[batch, *shape] of the model's input type."""
    received_ns: int
    """Unix time."""


class RecordScorer:
    """Scores one message at a time; never raises, never drops.

    The first record that it cannot score is logged with the reason: what comes out of it says only
    that it failed.

    Args:
        scorer: loaded, and used by this object alone.
        shape: of one point.
        record_format: how requests are read and results written.
        dtype: of the points; a result is of the type that the scorer answers with.
    """

    def __init__(
        self,
        scorer: Scorer,
        shape: tuple[int, ...],
        record_format: RecordFormat,
        dtype: str = "float32",
    ) -> None:
        self._score = scorer.score
        self._dtype = DTYPES[dtype]
        self._numpy = self._dtype.numpy
        self._check_bools = self._dtype is Dtype.BOOL
        self._requests = {int(s) | self._dtype << DTYPE_SHIFT: int(s) for s in Segment}
        """Flags of a request, and its segment; its status, its outputs and whatever tells of a call
        are zero."""
        self._shape = shape
        self._values = int(np.prod(shape))
        self._codec = CODECS[record_format]
        self._told = False
        self.process = self._binary if record_format is RecordFormat.BINARY else self._any
        """message (None: a Kafka message without a value) -> message; bound once, so that the
        choice costs nothing per record."""

    def _binary(self, message: bytes | None) -> bytes:
        """The fast path: the header is taken apart and put together once, without objects."""
        received = time.time_ns()
        try:
            (
                magic,
                version,
                flags,
                status,
                reason,
                id_,
                intended,
                sent,
                _,
                _,
                batch,
                values,
                none,
                waited,
            ) = HEADER.unpack_from(message)  # type: ignore[arg-type]  # None raises, too
        except Exception as error:  # noqa: BLE001  too short to hold an id
            return self._malformed(error)
        if magic != MAGIC or version != VERSION:
            return self._malformed("another magic or version")
        try:
            if (
                values != self._values
                or status
                or none
                or reason
                or waited
                or flags not in self._requests
            ):
                return self._fail(message, received, self._objection(flags, status, values))
            points: Values = np.frombuffer(message, self._numpy, -1, HEADER_BYTES)  # type: ignore[arg-type]
            if self._check_bools and not are_valid(points):
                return self._fail(message, received, "a byte that is no bool")
            output = self._score(points.reshape((batch, *self._shape)))
            answered = self._requests[flags] | _ANSWERED[output.dtype]
            body = output.tobytes()
            outputs = output.size // batch
        except Exception as error:  # noqa: BLE001  whatever a model raises comes out as failed
            return self._fail(message, received, error)
        return (
            HEADER.pack(
                magic, version, answered, _OK, 0, id_, intended, sent,
                received, time.time_ns(), batch, values, outputs, 0,
            )
            + body
        )  # fmt: skip

    def _objection(self, flags: int, status: int, values: int) -> str:
        if values != self._values:
            return f"{values} values per point, the model takes {self._values}"
        code = (flags & ~RESULT) >> DTYPE_SHIFT
        if code != self._dtype:
            found = Dtype(code).word if code <= max(Dtype) else f"type {code}"
            return f"points of {found}, the model takes {self._dtype.word}"
        return f"no request of points: flags {flags:#04x}, status {status}"

    def _fail(self, message: bytes | None, received: int, reason: object) -> bytes:
        fields = list(HEADER.unpack_from(message))  # type: ignore[arg-type]
        self._tell(f"record {fields[5]}", reason)
        fields[2] = fields[2] & _SEGMENT_BITS | RESULT
        fields[3:5] = _FAILED, reason_of(reason)
        fields[8:10] = received, time.time_ns()
        fields[12:14] = 0, 0
        return HEADER.pack(*fields)

    def _malformed(self, reason: object) -> bytes:
        self._tell("a message that is no record", reason)
        return _NO_ID

    def _tell(self, what: str, reason: object) -> None:
        if not self._told:
            self._told = True
            kind = f"{type(reason).__name__}: " if isinstance(reason, Exception) else ""
            _log.warning("%s could not be scored (others are not logged): %s%s", what, kind, reason)

    def _any(self, message: bytes | None) -> bytes:
        """Any format, through its codec."""
        begun = self.begin(message)
        if isinstance(begun, bytes):
            return begun
        try:
            output = self._score(begun.points)
        except Exception as error:  # noqa: BLE001  whatever a model raises comes out as failed
            return self.fail(begun, error)
        return self.finish(begun, output)

    def begin(self, message: bytes | None, received_ns: int | None = None) -> Begun | bytes:
        """The first half of `process`: a request's points, or the result of what is none.

        What lies between it and `finish` is the caller's: a call that others may overtake.

        Args:
            message: a request; None: a Kafka message without a value.
            received_ns: when it was received, if that was before; Unix time.
        """
        received = time.time_ns() if received_ns is None else received_ns
        try:
            record = self._codec.decode(message or b"")
        except CodecError as error:
            return self._begin_nothing(message, received, error)
        header = record.header
        if (
            header.is_result
            or header.values != self._values
            or header.dtype is not self._dtype
            or not header.batch
        ):
            flags = header.segment | header.dtype << DTYPE_SHIFT
            flags |= RESULT if header.is_result else 0
            objection = self._objection(flags, header.status, header.values)
            return self._failed(header, received, objection)
        return Begun(header, record.data.reshape((header.batch, *self._shape)), received)

    def _begin_nothing(self, message: bytes | None, received: int, error: CodecError) -> bytes:
        """Of a binary message that is no record the id may be readable all the same."""
        if self._codec is not CODECS[RecordFormat.BINARY] or message is None:
            return self._malformed(error)
        if len(message) < HEADER_BYTES or message[:5] != MAGIC + bytes([VERSION]):
            return self._malformed(error)
        return self._fail(message, received, error)

    def finish(self, begun: Begun, output: Values, called_ns: int | None = None) -> bytes:
        """The second half: a result of predictions.

        Args:
            begun: the request.
            output: [batch, *output_shape], of one of our types.
            called_ns: when the model was called, if the record had to wait for it; Unix time.
        """
        header = begun.header
        try:
            data = output.reshape(header.batch, -1)
            scored = header._replace(
                is_result=True,
                status=Status.OK,
                received_ns=begun.received_ns,
                scored_ns=time.time_ns(),
                outputs=data.shape[1],
                waited_us=waited_us(begun, called_ns),
                dtype=DTYPES[data.dtype.name],
            )
            return self._codec.encode(scored, data)
        except Exception as error:  # noqa: BLE001  a prediction that JSON cannot hold, too
            return self.fail(begun, error, called_ns)

    def fail(self, begun: Begun, error: Exception, called_ns: int | None = None) -> bytes:
        """The other second half: a result that says that there is no prediction, and why."""
        return self._failed(begun.header, begun.received_ns, error, waited_us(begun, called_ns))

    def _failed(self, header: Header, received: int, reason: object, waited: int = 0) -> bytes:
        self._tell(f"record {header.id}", reason)
        result = failed(header, received, time.time_ns(), reason_of(reason))
        return self._codec.encode(result._replace(waited_us=waited), _NOTHING)


def reason_of(error: object) -> Reason:
    """The class of a failed call; NONE if no server was called."""
    reason = getattr(error, "reason", Reason.NONE)
    return reason if isinstance(reason, Reason) else Reason.NONE


def waited_us(begun: Begun, called_ns: int | None) -> int:
    """Microseconds between a record and its call; 0 if the clock was set back meanwhile."""
    if called_ns is None:
        return 0
    return max(0, min((called_ns - begun.received_ns) // 1000, _LONGEST_WAIT_US))
