"""Call mode `batched`: several records in one call of the model.

Records that differ only in id, times and values, which those of one workload are, are taken apart
and put together by numpy, so that a record costs little more than its share of the model's call.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_contract.codec import (
    DTYPE_SHIFT,
    HEADER_BYTES,
    MAGIC,
    RESULT,
    VERSION,
    Reason,
    RecordFormat,
    Segment,
    Status,
    are_valid,
)
from crayfish_contract.dtypes import DTYPES

from .record import RecordScorer, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from .base import Scorer, Values
    from .record import Begun

    Headers = npt.NDArray[np.void]


def _start(flags: int, status: int) -> int:
    """The first eight bytes of a header, as one number."""
    return int.from_bytes(MAGIC + bytes([VERSION, flags, status, 0]), "little")


_UINT32: Final = 0xFFFF_FFFF


class BatchScorer:
    """Scores many messages with one call; never raises, never drops, keeps their order.

    A message that is no request does not spoil its neighbours: then, and if the model refuses them
    together, each is scored by itself. If the call of a server failed, all have failed.

    Args:
        scorer: loaded, and used by this object alone.
        shape: of one point.
        record_format: how requests are read and results written.
        dtype: of the points.
    """

    def __init__(
        self,
        scorer: Scorer,
        shape: tuple[int, ...],
        record_format: RecordFormat,
        dtype: str = "float32",
    ) -> None:
        self._score, self._shape = scorer.score, shape
        self._dtype = DTYPES[dtype]
        self._requests = {_start(s | self._dtype << DTYPE_SHIFT, 0): int(s) for s in Segment}
        """First bytes of a request, and its segment."""
        self._values = int(np.prod(shape))
        self._one = RecordScorer(scorer, shape, record_format, dtype)
        self._binary = record_format is RecordFormat.BINARY

    def process(
        self, messages: Sequence[bytes | None], received_ns: Sequence[int] | None = None
    ) -> list[bytes]:
        """A result for each message.

        Args:
            messages: requests.
            received_ns: when each was received, in Unix time; None: all of them now.
        """
        stamps = [time.time_ns()] * len(messages) if received_ns is None else received_ns
        records = self._records(messages) if self._binary else None
        if records is None:
            return self._decoded(messages, stamps)
        called = time.time_ns()
        try:
            points = np.ascontiguousarray(records["data"])
            called = time.time_ns()
            output = self._score(points.reshape((-1, *self._shape)))
            segment = self._requests[int(records["start"][0])]
            received = np.array(stamps, dtype=np.int64)
            return _results(records, segment, output, received, called)
        except Exception as error:  # noqa: BLE001  whatever a model raises
            return self._each(messages, stamps, error, called)

    def _records(self, messages: Sequence[bytes | None]) -> Headers | None:
        """Messages as one array, if every one is a request of the same size."""
        try:
            lengths = {len(message) for message in messages}  # type: ignore[arg-type]
            joined = b"".join(messages)  # type: ignore[arg-type]
        except TypeError:  # a message without a value
            return None
        length = lengths.pop()
        batch, rest = divmod(length - HEADER_BYTES, self._dtype.numpy.itemsize * self._values)
        if lengths or rest or batch < 1:
            return None
        records = np.frombuffer(joined, dtype=_kind(batch * self._values, self._dtype.numpy))
        start = records["start"]
        same = (
            int(start[0]) in self._requests
            and (start == start[0]).all()
            and (records["shape"] == batch | self._values << 32).all()
            and not records["answer"].any()
            and are_valid(records["data"])
        )
        return records if same else None

    def _decoded(self, messages: Sequence[bytes | None], stamps: Sequence[int]) -> list[bytes]:
        """The same through the codec: text, records of several sizes, messages that are none."""
        begun = self._begun(messages, stamps)
        asked = [each for each in begun if not isinstance(each, bytes)]
        if not asked:
            return [each for each in begun if isinstance(each, bytes)]
        called = time.time_ns()
        try:
            output = self._score(np.concatenate([each.points for each in asked]))
            ends = np.cumsum([each.header.batch for each in asked])
            answers = iter(np.split(output, ends[:-1]))
        except Exception as error:  # noqa: BLE001  whatever a model raises
            return self._each(messages, stamps, error, called)
        return [
            each if isinstance(each, bytes) else self._one.finish(each, next(answers), called)
            for each in begun
        ]

    def _begun(
        self, messages: Sequence[bytes | None], stamps: Sequence[int]
    ) -> list[Begun | bytes]:
        return [self._one.begin(*each) for each in zip(messages, stamps, strict=True)]

    def _each(
        self,
        messages: Sequence[bytes | None],
        stamps: Sequence[int],
        error: Exception,
        called: int,
    ) -> list[bytes]:
        """One by one; but no call of a server is made again."""
        if reason_of(error) is Reason.NONE:
            return [self._one.process(message) for message in messages]
        return [
            each if isinstance(each, bytes) else self._one.fail(each, error, called)
            for each in self._begun(messages, stamps)
        ]


def _results(
    records: Headers, segment: int, output: Values, received: npt.NDArray[np.int64], called: int
) -> list[bytes]:
    """Result messages: headers of requests, with the predictions behind them."""
    count = len(records)
    waited = np.clip((called - received) // 1000, 0, _UINT32).astype(np.uint64)
    data = output.reshape(count, -1)
    results = np.empty(count, dtype=_kind(data.shape[1], data.dtype))
    code = DTYPES[data.dtype.name]
    results["start"] = _start(segment | code << DTYPE_SHIFT | RESULT, int(Status.OK))
    results["times"], results["shape"] = records["times"], records["shape"]
    outputs = data.shape[1] // (int(records["shape"][0]) & _UINT32)
    results["answer"] = waited << np.uint64(32) | np.uint64(outputs)
    results["data"] = data
    results["received_ns"], results["scored_ns"] = received, time.time_ns()
    raw, size = results.tobytes(), results.itemsize
    return [raw[start : start + size] for start in range(0, len(raw), size)]


@lru_cache(maxsize=64)
def _kind(values: int, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """A message as few numbers, because each look at a field costs the same for any width."""
    return np.dtype(
        {
            "names": ["start", "times", "received_ns", "scored_ns", "shape", "answer", "data"],
            "formats": ["<u8", "V24", "<i8", "<i8", "<u8", "<u8", (dtype, (values,))],
            # start: magic, version, flags, status, reason. times: id, due, sent. shape: batch and
            # values. answer: outputs and waited_us.
            "offsets": [0, 8, 32, 40, 48, 56, HEADER_BYTES],
            "itemsize": HEADER_BYTES + dtype.itemsize * values,
        }
    )
