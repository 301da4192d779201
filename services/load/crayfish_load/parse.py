"""Many result messages at once into rows: numpy does per fetch what Python would do per record."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.arrays import HEADER, RECEIVED
from crayfish_contract.codec import (
    CODECS,
    DTYPE_SHIFT,
    HEADER_BYTES,
    MAGIC,
    RESULT,
    VERSION,
    BinaryCodec,
    CodecError,
    Reason,
    RecordFormat,
    Segment,
    Status,
    are_valid,
)
from crayfish_contract.dtypes import Dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from .check import PredictionCheck

    Rows = npt.NDArray[np.void]
    Times = npt.NDArray[np.int64]
    """int64[n, 2]: append time in ms, consumed time in ns."""

_MAX_ID: Final = 1 << 32
"""No run has as many records: an id above it is a broken message (the tally has a byte per id)."""
_SEGMENTS: Final = np.uint8((1 << DTYPE_SHIFT) - 1)
_CODES: Final = np.uint8((RESULT >> DTYPE_SHIFT) - 1)
_CODE_BITS: Final = np.uint8(int(_CODES) << DTYPE_SHIFT)
"""Parts of the flags: of the segment, and of the type before and after it is shifted."""
_KNOWN: Final = frozenset(map(int, Dtype))
_COPIED: Final = (
    "id", "status", "intended_ns", "sent_ns", "received_ns", "scored_ns", "batch", "reason",
    "waited_us",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Canary:
    """The result of a canary record."""

    id: int
    ok: bool
    latency_s: float
    """From due to consumed."""
    service_s: float
    """From received to scored."""


@dataclass(slots=True)
class Parsed:
    """One fetch, taken apart."""

    rows: Rows
    """RECEIVED, warm-up and measured records only."""
    canaries: list[Canary] = field(default_factory=list)
    undecodable: int = 0


class ResultParser:
    """Messages of one format into rows.

    Args:
        record_format: what the processor writes.
        check: compares outputs with the reference and the labels.
    """

    def __init__(self, record_format: RecordFormat, check: PredictionCheck) -> None:
        self._format = record_format
        self._check = check

    def parse(
        self, messages: Sequence[bytes], append_ms: Sequence[int], consumed_ns: Sequence[int]
    ) -> Parsed:
        """Rows of one or more fetches.

        Args:
            messages: values of the Kafka messages.
            append_ms: the broker's append time of each, Unix ms.
            consumed_ns: when its fetch returned, Unix ns: the end of its latency.
        """
        undecodable = 0
        times = np.empty((len(messages), 2), dtype=np.int64)
        times[:, 0], times[:, 1] = append_ms, consumed_ns
        if self._format is RecordFormat.JSON:
            messages, times, undecodable = _as_binary(messages, times)
        groups: dict[int, list[int]] = defaultdict(list)
        for index, message in enumerate(messages):
            groups[len(message)].append(index)
        parsed = Parsed(np.empty(0, dtype=RECEIVED), undecodable=undecodable)
        parts = []
        for length, indices in groups.items():
            if len(indices) == len(messages):
                part = self._group(messages, times, length, parsed)
            else:
                part = self._group([messages[i] for i in indices], times[indices], length, parsed)
            if part is not None:
                parts.append(part)
        if parts:
            parsed.rows = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return parsed

    def _group(
        self,
        messages: Sequence[bytes],
        times: Times,
        length: int,
        parsed: Parsed,
    ) -> Rows | None:
        """Messages of one length; counts what is no row in `parsed`."""
        if length < HEADER_BYTES:
            parsed.undecodable += len(messages)
            return None
        joined = b"".join(messages)
        kind = np.dtype([("h", HEADER), ("data", f"V{length - HEADER_BYTES}")])
        codes = np.frombuffer(joined, dtype=kind)["h"]["flags"] >> DTYPE_SHIFT & _CODES
        if (codes == codes[0]).all():
            return self._of_type(joined, int(codes[0]), times, length, parsed)
        parts = []
        for code in np.unique(codes).tolist():  # of what failed, and of answers of another type
            chosen = np.flatnonzero(codes == code)
            joined = b"".join(messages[i] for i in chosen.tolist())
            part = self._of_type(joined, code, times[chosen], length, parsed)
            if part is not None:
                parts.append(part)
        return np.concatenate(parts) if parts else None

    def _of_type(
        self, joined: bytes, code: int, times: Times, length: int, parsed: Parsed
    ) -> Rows | None:
        """The same, of one type by its code."""
        dtype = Dtype(code).numpy if code in _KNOWN else None
        if dtype is None or (length - HEADER_BYTES) % dtype.itemsize:
            parsed.undecodable += len(joined) // length
            return None
        values = (length - HEADER_BYTES) // dtype.itemsize
        records = np.frombuffer(joined, dtype=[("h", HEADER), ("data", dtype, (values,))])
        header = records["h"]
        good = _good(header, values)
        if code == Dtype.BOOL and not are_valid(records["data"]):
            good &= (records["data"].view(np.uint8) <= 1).all(axis=1)
        if not good.all():
            parsed.undecodable += int(np.count_nonzero(~good))
            records, times = records[good], times[good]
            header = records["h"]
        canary = header["flags"] & _SEGMENTS == Segment.CANARY
        if canary.any():
            parsed.canaries += _canaries(header[canary], times[canary, 1])
            records, times = records[~canary], times[~canary]
            header = records["h"]
        if len(records) == 0:
            return None
        rows = np.empty(len(records), dtype=RECEIVED)
        for name in _COPIED:
            rows[name] = header[name]
        rows["segment"] = header["flags"] & _SEGMENTS
        rows["out_append_ms"], rows["consumed_ns"] = times[:, 0], times[:, 1]
        self._check.fill(rows, records["data"])
        return rows


def _canaries(header: Rows, consumed_ns: npt.NDArray[np.int64]) -> list[Canary]:
    return [
        Canary(
            int(one["id"]),
            bool(one["status"] == Status.OK),
            (int(consumed) - int(one["intended_ns"])) / 1e9,
            (int(one["scored_ns"]) - int(one["received_ns"])) / 1e9,
        )
        for one, consumed in zip(header, consumed_ns, strict=True)
    ]


def _good(header: Rows, values: int) -> npt.NDArray[np.bool_]:
    """Which headers are those of results whose length fits."""
    segment = header["flags"] & _SEGMENTS
    ok = header["status"] == Status.OK
    expected = header["batch"].astype(np.int64) * header["outputs"]
    return np.asarray(
        (header["magic"] == MAGIC)
        & (header["version"] == VERSION)
        & (header["flags"] & RESULT != 0)
        & np.isin(segment, [int(s) for s in Segment])
        & (ok | ((header["status"] == Status.FAILED) & (header["outputs"] == 0)))
        & (ok | (header["flags"] & _CODE_BITS == 0))
        & (np.where(ok, expected, 0) == values)
        & np.where(ok, header["reason"] == Reason.NONE, header["reason"] <= max(Reason))
        & (header["id"] < _MAX_ID)
    )


def _as_binary(messages: Sequence[bytes], times: Times) -> tuple[list[bytes], Times, int]:
    """JSON results in the binary layout, so that everything after is one path."""
    codec, binary = CODECS[RecordFormat.JSON], BinaryCodec()
    found, kept = [], []
    for position, message in enumerate(messages):
        try:
            record = codec.decode(message)
            found.append(binary.encode(record.header, record.data))
            kept.append(position)
        except CodecError:
            continue
    return found, times[kept], len(messages) - len(found)
