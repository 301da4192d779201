"""Whatever comes in, exactly one result comes out, and it says what became of the record."""

from __future__ import annotations

import json
import time
from pathlib import Path
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
from crayfish_scoring import RecordScorer, record

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

SHAPE = (2, 3)
FORMATS = list(RecordFormat)


REFUSED: list[dict[str, str]] = json.loads(
    (Path(__file__).parents[2] / "contract" / "vectors" / "refused.json").read_text()
)


class ConstantScorer:
    """Answers one value for each point."""

    def __init__(self, value: float) -> None:
        self.value = value

    def load(self) -> None: ...

    def close(self) -> None: ...

    def score(self, points: Floats) -> Floats:
        return np.full((len(points), 1), self.value, dtype=np.float32)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged."""
    found: list[str] = []
    monkeypatch.setattr(record._log, "warning", lambda line, *values: found.append(line % values))
    return found


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


@pytest.mark.parametrize("record_format", FORMATS)
def test_a_message_without_a_value_is_malformed(record_format: RecordFormat) -> None:
    result = RecordScorer(SumScorer(), SHAPE, record_format).process(None)
    with pytest.raises(CodecError):
        CODECS[record_format].decode(result)


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: f"{entry['format']}-{entry['name']}")
def test_what_is_no_request_is_not_scored(entry: dict[str, str]) -> None:
    """Failed with its id if that can be read at all, and otherwise no record."""
    record_format = RecordFormat(entry["format"])
    scorer = RecordScorer(ConstantScorer(1), (2,), record_format)
    result = scorer.process(bytes.fromhex(entry["hex"]))
    try:
        header = CODECS[record_format].decode(result).header
    except CodecError:
        assert entry["by"] == "codec"
        assert len(result) == HEADER_BYTES
    else:
        assert (header.id, header.status) == (7, Status.FAILED)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_json_cannot_hold_is_a_failed_result(
    value: float, lines: list[str]
) -> None:
    codec = CODECS[RecordFormat.JSON]
    message = codec.encode(request(), np.zeros(12, dtype=np.float32))
    result = RecordScorer(ConstantScorer(value), SHAPE, RecordFormat.JSON).process(message)
    header = codec.decode(result).header
    assert (header.id, header.status) == (7, Status.FAILED)
    assert "no NaN" in lines[0]


@pytest.mark.parametrize("record_format", FORMATS)
@pytest.mark.parametrize(
    ("value", "values", "said"),
    [
        (-1, 6, "ValueError: negative"),
        (0, 5, "5 values per point, the model takes 6"),
    ],
)
def test_the_first_failure_is_logged_with_its_reason(
    record_format: RecordFormat, value: float, values: int, said: str, lines: list[str]
) -> None:
    scorer = RecordScorer(SumScorer(), SHAPE, record_format)
    codec = CODECS[record_format]
    good = codec.encode(request(), np.zeros(12, dtype=np.float32))
    wrong = codec.encode(request(values), np.full(2 * values, value, dtype=np.float32))
    for message in (good, wrong, wrong, b""):
        scorer.process(message)
    assert lines == [f"record 7 could not be scored (others are not logged): {said}"]


def test_a_malformed_message_is_logged(lines: list[str]) -> None:
    scorer = RecordScorer(SumScorer(), SHAPE, RecordFormat.BINARY)
    scorer.process(b"x" * 64)
    assert "no record" in lines[0]
