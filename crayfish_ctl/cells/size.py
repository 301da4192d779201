"""How large a message is, and how many of that size may be held in memory."""

from __future__ import annotations

from typing import Final

_HEADER_BYTES: Final = 64
_TEXT_BYTES: Final = {1: 4, 2: 11, 4: 11, 8: 20}
"""Of a value by its bytes, as a decimal number with its comma."""


def message_bytes(record_format: str, batch: int, values: int, itemsize: int = 4) -> int:
    """Bytes of a message that carries so many values, of so many bytes, for each of its points."""
    return _HEADER_BYTES + _value_bytes(record_format, itemsize) * values * batch


def points_that_fit(record_format: str, values: int, most_bytes: int, itemsize: int = 4) -> int:
    """Points whose message is no larger than that; 0: not even one."""
    return (most_bytes - _HEADER_BYTES) // (_value_bytes(record_format, itemsize) * values)


def _value_bytes(record_format: str, itemsize: int) -> int:
    return _TEXT_BYTES[itemsize] if record_format == "json" else itemsize


def held(records: int, most_bytes: int | None, record_bytes: int) -> int:
    """So many records, or fewer of large ones: as many as that many bytes are, one at least.

    Args:
        records: of small ones; 0 is no number of records, and stays.
        most_bytes: None: whatever their size.
        record_bytes: of one.
    """
    if most_bytes is None or not records:
        return records
    return max(1, min(records, most_bytes // record_bytes))
