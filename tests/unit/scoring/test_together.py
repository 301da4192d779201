"""Several records in one call: the same results as one by one, whatever is among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_contract.codec import CODECS, Header, Reason, RecordFormat, Segment, Status
from crayfish_scoring import RecordScorer
from crayfish_scoring.servers.errors import CallError
from crayfish_scoring.together import BatchScorer

VECTORS = Path(__file__).parents[2] / "contract" / "vectors"
REFUSED = json.loads((VECTORS / "refused.json").read_text())
SHAPE = (1, 2)


class Doubles:
    """Two values to three; refuses a point with a NaN in it, and fails when it is told to."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.fail: Exception | None = None

    def load(self) -> None:
        pass

    def close(self) -> None:
        pass

    def score(self, points: np.ndarray) -> np.ndarray:
        self.calls.append(len(points))
        if self.fail is not None:
            raise self.fail
        if np.isnan(points).any():
            raise ValueError("not a number")
        flat = points.reshape(len(points), -1)
        return np.concatenate([flat * 2, flat[:, :1]], axis=1)


def request(number: int, record_format: RecordFormat, batch: int = 1, first: float = 0.5) -> bytes:
    header = Header(Segment.MEASURED, number, 1, 2, batch, 2)
    data = np.full(2 * batch, number, np.float32)
    data[0] = first
    return CODECS[record_format].encode(header, data)


def same(result: bytes, other: bytes, record_format: RecordFormat) -> bool:
    """Apart from the times."""
    codec = CODECS[record_format]
    try:
        one, two = codec.decode(result), codec.decode(other)
    except ValueError:
        # What has no segment is no result to the codec; its times are those of the moment.
        return result[:32] + result[48:] == other[:32] + other[48:]
    equal = _untimed(one.header) == _untimed(two.header)
    return equal and one.data.tobytes() == two.data.tobytes()


def _untimed(header: Header) -> Header:
    return header._replace(received_ns=0, scored_ns=0)


refused = [bytes.fromhex(entry["hex"]) for entry in REFUSED]
messages = st.one_of(
    st.integers(0, 9),
    st.tuples(st.integers(0, 9), st.integers(2, 3)),
    st.sampled_from(refused),
    st.none(),
    st.just("nan"),
)


@given(st.lists(messages, min_size=1, max_size=8), st.sampled_from(RecordFormat))
def test_the_same_results_as_one_by_one(drawn: list[Any], record_format: RecordFormat) -> None:
    sent: list[bytes | None] = []
    for each in drawn:
        match each:
            case int():
                sent.append(request(each, record_format))
            case (number, batch):
                sent.append(request(number, record_format, batch))
            case "nan":
                nan = float("nan") if record_format is RecordFormat.BINARY else 0.25
                sent.append(request(7, record_format, first=nan))
            case _:
                sent.append(each)
    found = BatchScorer(Doubles(), SHAPE, record_format).process(sent)
    alone = RecordScorer(Doubles(), SHAPE, record_format)
    expected = [alone.process(message) for message in sent]
    assert len(found) == len(sent)
    assert all(same(one, two, record_format) for one, two in zip(found, expected, strict=True))


@pytest.mark.parametrize("record_format", list(RecordFormat))
def test_one_call_for_all(record_format: RecordFormat) -> None:
    scorer = Doubles()
    sent: list[bytes | None] = [request(n, record_format, batch=2) for n in range(5)]
    BatchScorer(scorer, SHAPE, record_format).process(sent)
    assert scorer.calls == [10]


@pytest.mark.parametrize("reason", [Reason.UNAVAILABLE, Reason.BAD_OUTPUT, Reason.OTHER])
@pytest.mark.parametrize("record_format", list(RecordFormat))
def test_a_server_is_not_asked_again_for_each(record_format: RecordFormat, reason: Reason) -> None:
    scorer = Doubles()
    scorer.fail = CallError(reason, "gone")
    sent: list[bytes | None] = [request(n, record_format) for n in range(5)]
    found = BatchScorer(scorer, SHAPE, record_format).process([*sent, b"no record"])
    headers = [CODECS[record_format].decode(result).header for result in found[:5]]
    assert {(header.status, header.reason) for header in headers} == {(Status.FAILED, reason)}
    assert [header.id for header in headers] == list(range(5))
    assert scorer.calls == [5]
    assert len(found) == 6
