"""Several records in one call: the same results as one by one, whatever is among them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_contract.codec import CODECS, Header, Reason, RecordFormat, Segment, Status
from crayfish_scoring import RecordScorer
from crayfish_scoring.modes import Together
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
    return header._replace(received_ns=0, scored_ns=0, waited_us=0)


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


@pytest.mark.parametrize("failure", [None, CallError(Reason.DEADLINE, "late")])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("record_format", list(RecordFormat))
def test_a_record_says_how_long_it_waited(
    record_format: RecordFormat, batch: int, failure: Exception | None
) -> None:
    scorer = Doubles()
    scorer.fail = failure
    sent: list[bytes | None] = [request(n, record_format, batch=1 + n % batch) for n in range(3)]
    now = time.time_ns()
    received = [now - 5_000_000_000, now - 2_000_000_000, now]
    found = BatchScorer(scorer, SHAPE, record_format).process(sent, received)
    took_us = (time.time_ns() - now) // 1000
    headers = [CODECS[record_format].decode(result).header for result in found]
    assert [header.received_ns for header in headers] == received
    for header, least_us in zip(headers, (5_000_000, 2_000_000, 0), strict=True):
        assert least_us <= header.waited_us <= least_us + took_us
    assert {header.status for header in headers} == {Status.FAILED if failure else Status.OK}


def test_records_of_a_later_call_wait_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**9, 1_000_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    config: Any = SimpleNamespace(
        call=SimpleNamespace(records=2),
        model=SimpleNamespace(input_shape=SHAPE, input_dtype="float32"),
        format=RecordFormat.BINARY,
    )
    together = Together(Doubles(), config)
    sent: list[bytes | None] = [request(n, RecordFormat.BINARY) for n in range(5)]
    headers = [CODECS[RecordFormat.BINARY].decode(each).header for each in together.map(sent)]
    assert len({header.received_ns for header in headers}) == 1
    waited = [header.waited_us for header in headers]
    assert waited[0] == waited[1] < waited[2] == waited[3] < waited[4]
