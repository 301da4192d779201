"""Protocol Buffers' wire format, as far as it takes to find a few fields in a large file.

Written out because it is forty lines: the `onnx` package and TensorFlow read a whole model into
memory, weights included, and are hundreds of megabytes that the controller needs for nothing else.
Source: https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES: Final = {_FIXED64: 8, _FIXED32: 4}
_VARINT_BITS: Final = 70
_SIGN: Final = 1 << 63


class WireError(ValueError):
    """These bytes are no message."""


def contents(path: Path) -> memoryview:
    """A file that is not empty, read where it is looked at; let go of with its last slice."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field in the order of the file; nothing is copied.

    Args:
        message: the bytes of one message.

    Raises:
        WireError: if they are none, or cut off.
    """
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if not number:
            raise WireError("a field without a number")
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if kind == _BYTES:
            size, position = _varint(message, position)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise WireError(f"a field of the unknown kind {kind}")
        if position + size > len(message):
            raise WireError("cut off")
        yield number, message[position : position + size]
        position += size


def messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """The fields of one number that are messages, texts or bytes."""
    for found, value in fields(message):
        if found == number and isinstance(value, memoryview):
            yield value


def message_at(message: memoryview, number: int) -> memoryview:
    """The last field of one number, as a reader of messages takes it; empty if there is none."""
    found = memoryview(b"")
    for found in messages(message, number):  # noqa: B007  the last one is what is wanted
        pass
    return found


def number_at(message: memoryview, number: int) -> int:
    """A whole number with its sign; 0 if it is not there, as the format has it."""
    found = 0
    for key, value in fields(message):
        if key == number and isinstance(value, int):
            found = value
    return found - (1 << 64) if found & _SIGN else found


def text_at(message: memoryview, number: int) -> str:
    """A text; empty if it is not there."""
    return text(message_at(message, number))


def text(value: memoryview) -> str:
    """Of a field."""
    return bytes(value).decode("utf-8", errors="replace")


def pairs(message: memoryview, number: int) -> Iterator[tuple[str, memoryview]]:
    """Key and value of each entry of a map field."""
    for entry in messages(message, number):
        yield text_at(entry, 1), message_at(entry, 2)


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(message) or shift >= _VARINT_BITS:
            raise WireError("cut off" if position >= len(message) else "a number without an end")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  the bit that says that more follows
            return value, position
        shift += 7
