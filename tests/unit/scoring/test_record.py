"""Whatever comes in, exactly one result comes out, and it says what became of the record."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from crayfish_contract.codec import (
    CODECS,
    HEADER_BYTES,
    CodecError,
    Header,
    RecordFormat,
    Segment,
    Status,
    unpack_header,
)
from crayfish_scoring import RecordScorer

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

SHAPE = (2, 3)
FORMATS = list(RecordFormat)


class SumScorer:
    """Two outputs per point: its sum and its first value."""

    def load(self) -> None: ...

    def close(self) -> None: ...

    def score(self, points: Floats) -> Floats:
        assert points.shape[1:] == SHAPE
        if (points < 0).any():
            raise ValueError("negative")
        flat = points.reshape(len(points), -1)
        return np.stack([flat.sum(axis=1), flat[:, 0]], axis=1)


def request(values: int = 6) -> Header:
    return Header(Segment.MEASURED, 7, 100, 200, batch=2, values=values)


def process(message: bytes, record_format: RecordFormat) -> bytes:
    return RecordScorer(SumScorer(), SHAPE, record_format).process(message)


@pytest.mark.parametrize("record_format", FORMATS)
def test_a_result_repeats_the_header_and_carries_the_predictions(
    record_format: RecordFormat,
) -> None:
    codec = CODECS[record_format]
    points = np.arange(12, dtype=np.float32)
    before = time.time_ns()
    result = codec.decode(process(codec.encode(request(), points), record_format))
    after = time.time_ns()

    header = result.header
    assert header.is_result
    assert (header.status, header.segment, header.id) == (Status.OK, Segment.MEASURED, 7)
    assert (header.intended_ns, header.sent_ns) == (100, 200)
    assert (header.batch, header.values, header.outputs) == (2, 6, 2)
    assert before <= header.received_ns <= header.scored_ns <= after
    assert result.data.tolist() == [[15.0, 0.0], [51.0, 6.0]]


@pytest.mark.parametrize("record_format", FORMATS)
def test_a_model_that_raises_makes_a_failed_result(record_format: RecordFormat) -> None:
    codec = CODECS[record_format]
    message = codec.encode(request(), np.full(12, -1, dtype=np.float32))
    header = codec.decode(process(message, record_format)).header
    assert (header.status, header.id, header.outputs) == (Status.FAILED, 7, 0)
    assert header.received_ns <= header.scored_ns


@pytest.mark.parametrize("record_format", FORMATS)
def test_another_shape_makes_a_failed_result(record_format: RecordFormat) -> None:
    codec = CODECS[record_format]
    message = codec.encode(request(values=5), np.zeros(10, dtype=np.float32))
    assert codec.decode(process(message, record_format)).header.status is Status.FAILED


def test_a_truncated_record_keeps_its_id() -> None:
    codec = CODECS[RecordFormat.BINARY]
    message = codec.encode(request(), np.zeros(12, dtype=np.float32))[:-4]
    result = process(message, RecordFormat.BINARY)
    assert len(result) == HEADER_BYTES
    assert unpack_header(result).id == 7
    assert unpack_header(result).status is Status.FAILED


@pytest.mark.parametrize("record_format", FORMATS)
@pytest.mark.parametrize("message", [b"", b"{", b"CRAY", b"x" * 64, b"[1]"])
def test_garbage_comes_out_as_something_that_is_no_result(
    record_format: RecordFormat, message: bytes
) -> None:
    result = process(message, record_format)
    with pytest.raises(CodecError):
        CODECS[record_format].decode(result)
