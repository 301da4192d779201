"""The record: one Kafka message, a request on the input topic or a result on the output topic.

Binary layout, version 2, little-endian; the header is 64 bytes, the values follow::

    offset  size  type     field
    0       4     bytes    magic: "CRAY"
    4       1     uint8    version: 2
    5       1     uint8    flags: 0x01 canary, 0x02 warm-up, 0x04 measured (exactly one is set);
                           0x78 the type of the values, `Dtype`'s code times 8 (0, float32, in a
                           failed result); 0x80 result
    6       1     uint8    status: 0 pending (every request), 1 ok, 2 failed
    7       1     uint8    reason: why a call to a model server failed (`Reason`); 0 unless failed
    8       8     uint64   id
    16      8     int64    intended_ns   when the record was due (Unix time, ns)
    24      8     int64    sent_ns       when the producer handed it to its client
    32      8     int64    received_ns   when the scoring function got it (0 in a request)
    40      8     int64    scored_ns     when the model had answered (0 in a request)
    48      4     uint32   batch         points in the record
    52      4     uint32   values        values per point (of the request, in both)
    56      4     uint32   outputs       values per prediction (0 unless status is ok)
    60      4     uint32   waited_us: microseconds from received until the model was called, where a
                           record may wait for its turn (0 in a request)
    64            values   request: batch * values; ok result: batch * outputs; failed: none

A request is pending, a result is ok or failed. The type is that of the values which follow: a
request's may be another than its result's. Values of a floating type may be anything, NaN and
infinity too; a float16 is IEEE 754's binary16; a bool is one byte, and only 0 or 1.

The `json` format is one object with the same fields, except that the flags are spelled out as
`"segment"`, `"kind"` and `"dtype"`, the status as a word, and the values are the list `"data"`. It
exists so that the cost of text is a measured result. It is compact (no spaces), ASCII, with the
keys in the order of `json_prefix`; `"reason"` and `"waited_us"` are there only if they are not 0,
`"dtype"` only if it is not float32. A reader takes any order, but no other keys, and none twice;
the words and the whole numbers exactly as they are written here (`1.0` and `true` are no 1).

A number of `"data"` is written like this, whatever the language; of float32:

- The digits are the fewest that read back as the same float32; if several of that length do, those
  closest to its value; if two are equally close, the even one. (With `BigDecimal`, for n = 1, 2...:
  take the value rounded down to n digits and the value rounded up; of those whose `floatValue()`
  is the same, the closer one, or the one with the even last digit.)
- Let e be the decimal exponent of the first digit. For -4 <= e < 16 there is no exponent, and at
  least one digit on each side of the point: `0.0001`, `16777216.0`, `123456790.0`.
- Otherwise: first digit, then the point and the other digits if there are any, `e`, the sign, at
  least two digits of exponent: `1e-05`, `1.1754944e-38`, `3.4028235e+38`, `1e+16`.
- Zero is `0.0` or `-0.0`. JSON has no NaN and no infinity: such values cannot be encoded, and a
  message with them (or with a number beyond float32) cannot be decoded.

A float64 by the same rules, with float64 in the place of float32. A float16 as the float32 of the
same value; read, it must be exactly one. Whole numbers are decimal, without point and exponent, a
negative one with a minus directly before it, and must lie in their type's range (`-0` reads as 0);
a bool is `0` or `1`.

`tests/contract/vectors` holds files of both formats that every codec must reproduce exactly, and
messages that it must refuse (refused.json).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

from .dtypes import DTYPES, Dtype
from .jsontext import read_object, read_values, write_values

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.generic]

MAGIC: Final = b"CRAY"
VERSION: Final = 2
HEADER: Final = Struct("<4sBBBBQqqqqIIII")
HEADER_BYTES: Final = HEADER.size
RESULT: Final = 0x80
"""Flag bit of a result; the lowest three are a `Segment`, the four between a `Dtype`."""
DTYPE_SHIFT: Final = 3

INTENDED_OFFSET: Final = 16
"""Where `intended_ns` stands; `sent_ns` follows directly, so both are patched in one go."""


class Segment(IntEnum):
    """Which part of a run a record belongs to; only `MEASURED` enters the numbers."""

    CANARY = 0x01
    WARMUP = 0x02
    MEASURED = 0x04


class Status(IntEnum):
    """What became of a record."""

    PENDING = 0
    OK = 1
    FAILED = 2


class Reason(IntEnum):
    """Why a call to a model server gave no prediction."""

    NONE = 0
    """It gave one, or no server was called."""
    DEADLINE = 1
    UNAVAILABLE = 2
    """Nobody answered, or the server was going down."""
    EXHAUSTED = 3
    """The server had no room for it."""
    BAD_OUTPUT = 4
    """The answer has another size or type than the model's predictions."""
    OTHER = 5


class RecordFormat(StrEnum):
    """How a record is written into a Kafka message."""

    BINARY = "binary"
    JSON = "json"


class CodecError(ValueError):
    """A message that is not a record of this version; says what was found."""


class Header(NamedTuple):
    """The fields of a record without its values; times are Unix nanoseconds."""

    segment: Segment
    id: int
    intended_ns: int
    sent_ns: int
    batch: int
    values: int
    is_result: bool = False
    status: Status = Status.PENDING
    received_ns: int = 0
    scored_ns: int = 0
    outputs: int = 0
    reason: Reason = Reason.NONE
    waited_us: int = 0
    dtype: Dtype = Dtype.FLOAT32
    """Of the values that follow: a request's points, a result's predictions."""


@dataclass(frozen=True, slots=True)
class Record:
    """A decoded message: `data` is dtype[batch, values], or dtype[batch, outputs]."""

    header: Header
    data: Values = field(repr=False)


class Codec(Protocol):
    """One format; `CODECS` finds it by name."""

    def encode(self, header: Header, data: Values) -> bytes:
        """Write a record; `data` has batch * (values or outputs) values of the header's type.

        Raises:
            CodecError: if status, data and header contradict each other, or if JSON cannot hold
                a value.
        """

    def decode(self, message: bytes) -> Record:
        """Read a record.

        Raises:
            CodecError: if the message is not a record, or its length does not fit its header.
        """


def _check_status(header: Header) -> None:
    if header.is_result == (header.status is Status.PENDING):
        kind = "result" if header.is_result else "request"
        raise CodecError(f"record {header.id}: a {kind} with status {header.status.name.lower()}")
    if header.outputs and header.status is not Status.OK:
        raise CodecError(f"record {header.id}: outputs are {header.outputs}, but it is not scored")
    if header.reason and header.status is not Status.FAILED:
        raise CodecError(f"record {header.id}: it has a reason, but has not failed")
    if header.waited_us and not header.is_result:
        raise CodecError(f"record {header.id}: a request that has waited")
    if header.dtype and header.status is Status.FAILED:
        raise CodecError(f"record {header.id}: values of {header.dtype.word}, but it has none")


def _expected_values(header: Header) -> int:
    return header.batch * (header.outputs if header.is_result else header.values)


def _check_values(header: Header, data: Values) -> None:
    expected = _expected_values(header)
    if data.size != expected:
        raise CodecError(f"record {header.id}: {data.size} values, its header says {expected}")
    if data.size and data.dtype != header.dtype.numpy:
        raise CodecError(
            f"record {header.id}: values of {data.dtype}, its header says {header.dtype.word}"
        )


def _shaped(header: Header, data: Values) -> Values:
    return data.reshape(header.batch, -1) if data.size else data.reshape(0, 0)


def pack_header(header: Header) -> bytes:
    """The 64 bytes of a binary record's header."""
    return HEADER.pack(
        MAGIC,
        VERSION,
        header.segment | header.dtype << DTYPE_SHIFT | (RESULT if header.is_result else 0),
        header.status,
        header.reason,
        header.id,
        header.intended_ns,
        header.sent_ns,
        header.received_ns,
        header.scored_ns,
        header.batch,
        header.values,
        header.outputs,
        header.waited_us,
    )


def unpack_header(message: bytes) -> Header:
    """Read the header of a binary record.

    Raises:
        CodecError: if it is too short, or of another magic, version, segment, type or status.
    """
    if len(message) < HEADER_BYTES:
        raise CodecError(f"{len(message)} bytes, shorter than the header's {HEADER_BYTES}")
    (
        magic,
        version,
        flags,
        status,
        reason,
        id_,
        intended,
        sent,
        received,
        scored,
        batch,
        values,
        out,
        waited,
    ) = HEADER.unpack_from(message)
    if magic != MAGIC:
        raise CodecError(f"magic is {magic!r}, not {MAGIC!r}")
    if version != VERSION:
        raise CodecError(_other_version(version))
    try:
        header = Header(
            segment=Segment(flags & _SEGMENT_BITS),
            id=id_,
            intended_ns=intended,
            sent_ns=sent,
            batch=batch,
            values=values,
            is_result=bool(flags & RESULT),
            status=Status(status),
            received_ns=received,
            scored_ns=scored,
            outputs=out,
            reason=Reason(reason),
            waited_us=waited,
            dtype=Dtype((flags & ~RESULT) >> DTYPE_SHIFT),
        )
    except ValueError as error:
        raise CodecError(f"record {id_}: {error}") from None
    _check_status(header)
    return header


_SEGMENT_BITS: Final = (1 << DTYPE_SHIFT) - 1


def _other_version(version: int) -> str:
    return f"a record of version {version}, this codec reads {VERSION}"


class BinaryCodec:
    """The default format; see the module's text for the layout."""

    def encode(self, header: Header, data: Values) -> bytes:
        """Header, then the values as they lie in memory (little-endian)."""
        _check_status(header)
        _check_values(header, data)
        return pack_header(header) + np.ascontiguousarray(data).tobytes()

    def decode(self, message: bytes) -> Record:
        """The returned array is a view into `message`: nothing is copied."""
        header = unpack_header(message)
        body, dtype = len(message) - HEADER_BYTES, header.dtype.numpy
        expected = dtype.itemsize * _expected_values(header)
        if body != expected:
            raise CodecError(
                f"record {header.id}: {body} bytes of values, its header says {expected}"
            )
        data: Values = np.frombuffer(message, dtype=dtype, offset=HEADER_BYTES)
        if not are_valid(data):
            raise CodecError(f"record {header.id}: a byte that is no bool")
        return Record(header, _shaped(header, data))


def are_valid(values: Values) -> bool:
    """Whether all bytes are values of their type; those of a bool may be none."""
    return values.dtype != np.bool_ or not values.size or bool(values.view(np.uint8).max() <= 1)


class JsonCodec:
    """The same fields as text."""

    def encode(self, header: Header, data: Values) -> bytes:
        """Compact JSON, keys in the order of `json_prefix`."""
        _check_status(header)
        _check_values(header, data)
        return json_prefix(header).encode() + json_values(data) + b"}"

    def decode(self, message: bytes) -> Record:
        """Unknown keys are an error, so that two versions cannot be mistaken for each other."""
        try:
            fields, numbers = read_object(message, keys=_KEYS, words=_WORDS)
        except ValueError as error:
            raise CodecError(str(error)) from None
        told = sum(name in fields for name in _TOLD)
        try:
            _check_number(len(fields) - told)
            _check_version(fields.pop("magic"), fields.pop("version"))
            header = Header(
                segment=_SEGMENTS[fields.pop("segment")],
                is_result=_KINDS[fields.pop("kind")],
                status=_STATUSES[fields.pop("status")],
                reason=Reason(_in_range("reason", fields.pop("reason", 0))),
                dtype=_DTYPES[fields.pop("dtype", None)],
                **{name: _in_range(name, value) for name, value in fields.items()},
            )
        except CodecError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise CodecError(f"not a Crayfish record: {type(error).__name__}: {error}") from None
        _check_status(header)
        try:
            data = read_values(header.dtype.word, numbers)
        except ValueError as error:
            raise CodecError(f"record {header.id}: {error}") from None
        _check_values(header, data)
        return Record(header, _shaped(header, data))


def _check_version(magic: object, version: object) -> None:
    if magic != MAGIC.decode():
        raise CodecError(f"not a Crayfish record: magic is {magic!r}")
    number = _in_range("version", version)
    if number != VERSION:
        raise CodecError(_other_version(number))


def _check_number(fields: int) -> None:
    if fields != _ALWAYS:
        raise CodecError("a field is missing, or there is one that no record has")


_ALWAYS: Final = 13
"""Fields that every JSON record has beside its values."""
_TOLD: Final = ("reason", "waited_us", "dtype")
"""Fields that are there only if they say something."""
_KEYS: Final = range(_ALWAYS + 1, _ALWAYS + 1 + len(_TOLD) + 1)
"""With the values, and with those."""
_WORDS: Final = ("magic", "segment", "kind", "status", "dtype")
"""Fields that are strings."""
_DTYPES: Final[dict[str | None, Dtype]] = {
    None: Dtype.FLOAT32,
    **{word: dtype for word, dtype in DTYPES.items() if dtype is not Dtype.FLOAT32},
}
_KINDS: Final = {"request": False, "result": True}
_SEGMENTS: Final = {segment.name.lower(): segment for segment in Segment}
_STATUSES: Final = {status.name.lower(): status for status in Status}
_LIMITS: Final = {
    "version": 1 << 32,
    "id": 1 << 64,
    "batch": 1 << 32,
    "values": 1 << 32,
    "outputs": 1 << 32,
    "reason": 1 << 8,
    "waited_us": 1 << 32,
}
_TIME_LIMIT: Final = 1 << 63


def _in_range(name: str, value: object) -> int:
    if type(value) is not int:
        raise CodecError(f"{name} is {value!r}, not a whole number")
    limit = _LIMITS.get(name)
    if not (0 <= value < limit if limit else -_TIME_LIMIT <= value < _TIME_LIMIT):
        raise CodecError(f"{name} is {value}, out of its range")
    return value


def json_prefix(header: Header) -> str:
    """Everything of a JSON record up to its values; the producer patches only this part."""
    return (
        f'{{"magic":"CRAY","version":{VERSION},"segment":"{header.segment.name.lower()}",'
        f'"kind":"{"result" if header.is_result else "request"}",'
        f'"status":"{header.status.name.lower()}","id":{header.id},'
        f'"intended_ns":{header.intended_ns},"sent_ns":{header.sent_ns},'
        f'"received_ns":{header.received_ns},"scored_ns":{header.scored_ns},'
        f'"batch":{header.batch},"values":{header.values},"outputs":{header.outputs},'
        f"{_told('reason', header.reason)}{_told('waited_us', header.waited_us)}"
        f"{_told_dtype(header.dtype)}"
        '"data":'
    )


def _told(name: str, value: int) -> str:
    return f'"{name}":{int(value)},' if value else ""


def _told_dtype(dtype: Dtype) -> str:
    return f'"dtype":"{dtype.word}",' if dtype else ""


def json_values(data: Values) -> bytes:
    """A JSON list of values of one of our types, as the module's text says.

    Raises:
        CodecError: if a value is not finite.
    """
    flat = data.ravel()
    if not np.isfinite(flat).all():
        raise CodecError("JSON has no NaN and no infinity")
    return write_values(flat)


CODECS: Final[dict[RecordFormat, Codec]] = {
    RecordFormat.BINARY: BinaryCodec(),
    RecordFormat.JSON: JsonCodec(),
}


def failed(
    header: Header, received_ns: int, failed_ns: int, reason: Reason = Reason.NONE
) -> Header:
    """The header of the result that reports that a record could not be scored."""
    return header._replace(
        is_result=True,
        status=Status.FAILED,
        received_ns=received_ns,
        scored_ns=failed_ns,
        outputs=0,
        reason=reason,
        dtype=Dtype.FLOAT32,
    )
