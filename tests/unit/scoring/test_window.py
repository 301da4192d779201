"""Records under way at a server: how many, in which order, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import crayfish_scoring.window as module
from crayfish_contract.codec import CODECS, Header, Reason, RecordFormat, Segment, Status
from crayfish_contract.runconfig import CallConfig, ModelConfig, RunConfig, ToolConfig
from crayfish_scoring import RecordScorer, ScorerError
from crayfish_scoring.record import Begun
from crayfish_scoring.servers.errors import CallError
from crayfish_scoring.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = ModelConfig(name="tiny", format="none", path="", input_shape=(2,), output_shape=(1,))


class Later:
    """Answers a call when the test lets it; the first value of a point says which call it is."""

    def __init__(self) -> None:
        self.open: dict[int, asyncio.Future[None]] = {}
        self.most = 0
        self.fail: dict[int, Exception] = {}
        self.closed = False
        self.hold = True

    def load(self) -> None:
        pass

    def score(self, points: np.ndarray) -> np.ndarray:
        raise AssertionError

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        pass

    async def call(self, points: np.ndarray) -> np.ndarray:
        number = int(points[0, 0])
        if self.hold:
            self.open[number] = asyncio.get_running_loop().create_future()
            self.most = max(self.most, len(self.open))
            await self.open[number]
            del self.open[number]
        if number in self.fail:
            raise self.fail[number]
        return points[:, :1] * 2

    def let_go(self, number: int) -> None:
        """Waits until the call is there."""
        wait_for(lambda: number in self.open)
        future = self.open[number]
        future.get_loop().call_soon_threadsafe(future.set_result, None)


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.0005)


def request(number: int, record_format: RecordFormat = RecordFormat.BINARY) -> bytes:
    header = Header(Segment.MEASURED, number, 1, 2, 1, 2)
    return CODECS[record_format].encode(header, np.array([number, 0], np.float32))


def ids(results: list[bytes]) -> list[int]:
    return [CODECS[RecordFormat.BINARY].decode(result).header.id for result in results]


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def opened(later: Later, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    made: list[Window] = []

    def open_window(**call: Any) -> Window:
        config = RunConfig.model_construct(  # type: ignore[call-arg]
            tool=ToolConfig(name="triton"),
            model=MODEL,
            format=RecordFormat.BINARY,
            call=CallConfig(mode="async", **call),
        )
        monkeypatch.setattr(module, "open_scorer", lambda _: later)
        made.append(Window(config))
        return made[-1]

    yield open_window
    later.hold = False
    for window in made:
        window.close()
    assert not made or later.closed


def put_in_thread(window: Window, messages: list[bytes], take: Any) -> threading.Thread:
    thread = threading.Thread(target=window.put, args=(messages, take))
    thread.start()
    return thread


def test_results_come_as_they_are_there(opened: Any, later: Later) -> None:
    window = opened(in_flight=3)
    found: list[bytes] = []
    window.put([request(n) for n in range(3)], found.append)
    for number in (2, 0, 1):
        later.let_go(number)
        wait_for(lambda n=number: n in ids(found))
    assert ids(found) == [2, 0, 1]
    header = CODECS[RecordFormat.BINARY].decode(found[0]).header
    assert (header.status, header.outputs, header.reason) == (Status.OK, 1, Reason.NONE)
    assert CODECS[RecordFormat.BINARY].decode(found[0]).data == pytest.approx(4)


def test_or_in_the_order_of_the_records(opened: Any, later: Later) -> None:
    window = opened(in_flight=3, ordered=True)
    found: list[bytes] = []
    window.put([request(0), b"no record", request(1), request(2)], found.append)
    later.let_go(2)
    later.let_go(1)
    wait_for(lambda: not set(later.open) & {1, 2})
    assert found == []
    later.let_go(0)
    window.flush()
    assert [result[8] for result in found] == [0, 0, 1, 2]


def test_no_more_are_under_way_than_asked_for(opened: Any, later: Later) -> None:
    window = opened(in_flight=2)
    found: list[bytes] = []
    thread = put_in_thread(window, [request(n) for n in range(4)], found.append)
    for number in (0, 1, 2):
        later.let_go(number)
    thread.join()
    later.let_go(3)
    window.flush()
    assert later.most == 2
    assert sorted(ids(found)) == [0, 1, 2, 3]


def test_whoever_puts_waits_until_all_have_begun(opened: Any, later: Later) -> None:
    window = opened(in_flight=1)
    found: list[bytes] = []
    thread = put_in_thread(window, [request(0), request(1)], found.append)
    wait_for(lambda: 0 in later.open)
    assert thread.is_alive()
    later.let_go(0)
    thread.join()
    waited = CODECS[RecordFormat.BINARY].decode(found[0]).header
    later.let_go(1)
    window.flush()
    first, second = (CODECS[RecordFormat.BINARY].decode(each).header for each in found)
    assert waited == first
    # The second was received when its place was asked for, and called when there was one.
    assert second.waited_us > 0
    assert second.received_ns + 1000 * second.waited_us <= second.scored_ns


def test_a_failed_call_is_a_failed_record(opened: Any, later: Later) -> None:
    window = opened(in_flight=4)
    found: list[bytes] = []
    later.hold = False
    later.fail = {0: CallError(Reason.DEADLINE, "late"), 1: ValueError("a bug")}
    window.put([request(0), request(1), b"no record", request(2)], found.append)
    window.flush()
    by_id = {CODECS[RecordFormat.BINARY].decode(f).header.id: f for f in found if f[5] & 0x7F}
    told = {n: CODECS[RecordFormat.BINARY].decode(f).header for n, f in by_id.items()}
    assert (told[0].status, told[0].reason) == (Status.FAILED, Reason.DEADLINE)
    assert (told[1].status, told[1].reason) == (Status.FAILED, Reason.NONE)
    assert told[2].status is Status.OK
    assert len(found) == 4


@pytest.mark.parametrize("how", ["put", "map"])
def test_a_call_is_made_before_the_next_record_is_begun(
    how: str, opened: Any, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(in_flight=8)
    later.hold = False
    happened: list[str] = []
    begin, call = window._scorer.begin, window._scorer._call

    def begun(message: bytes) -> Any:
        happened.append("begun")
        return begin(message)

    async def called(points: np.ndarray) -> np.ndarray:
        happened.append("called")
        answer: np.ndarray = await call(points)
        return answer

    monkeypatch.setattr(window._scorer, "begin", begun)
    monkeypatch.setattr(window._scorer, "_call", called)
    messages = [request(n) for n in range(3)]
    if how == "map":
        window.map(messages)
    else:
        window.put(messages, lambda _: None)
        window.flush()
    assert happened == ["begun", "called"] * 3


@pytest.mark.parametrize("record_format", list(RecordFormat))
def test_a_clock_that_is_set_back_breaks_nothing(record_format: RecordFormat) -> None:
    scorer: Any = Later()
    record = RecordScorer(scorer, (2,), record_format)
    begun = record.begin(request(0, record_format))
    assert isinstance(begun, Begun)
    early = begun.received_ns - 10**9
    results = (
        record.finish(begun, np.zeros((1, 1), np.float32), early),
        record.fail(begun, CallError(Reason.DEADLINE, "late"), early),
    )
    headers = [CODECS[record_format].decode(result).header for result in results]
    assert [header.waited_us for header in headers] == [0, 0]
    assert [header.status for header in headers] == [Status.OK, Status.FAILED]


def test_map_keeps_the_order(opened: Any, later: Later) -> None:
    window = opened(in_flight=2)
    later.hold = False
    assert ids(window.map([request(n) for n in range(9)])) == list(range(9))


def test_groups_flow_into_each_other(opened: Any, later: Later) -> None:
    window = opened(in_flight=4)
    groups = iter([[request(0), request(1)], [request(2)]])
    results = window.results(groups)
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.extend(chain.from_iterable(results)))
    thread.start()
    later.let_go(2)  # begun although nothing of the first group is back
    later.let_go(0)
    later.let_go(1)
    thread.join()
    assert sorted(ids(found)) == [0, 1, 2]


def test_a_library_has_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    config = RunConfig.model_construct(  # type: ignore[call-arg]
        tool=ToolConfig(name="onnx"),
        model=MODEL,
        format=RecordFormat.BINARY,
        call=CallConfig(mode="async"),
    )
    monkeypatch.setattr(module, "open_scorer", lambda _: object())
    with pytest.raises(ScorerError, match="tool onnx computes in the processor itself"):
        Window(config)
