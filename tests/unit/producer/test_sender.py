import io
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crayfish_contract.arrays import SENT
from crayfish_contract.codec import CODECS, RecordFormat, Segment
from crayfish_contract.runconfig import (
    ConstantArrivals,
    KafkaConfig,
    MaxArrivals,
    ProducerClient,
    RunConfig,
    StopRule,
)
from crayfish_load.arrivals import arrival_process
from crayfish_load.payloads import load_points, make_pool, writer
from crayfish_producer.sender import Sender, make_client
from crayfish_producer.sentlog import CHUNK, SentLog
from tests.unit.load.made import Clock


class Rig:
    """A sender on a fake client."""

    def __init__(self, config: RunConfig, client: Any) -> None:
        self.client = client
        self.file = io.BytesIO()
        self.log = SentLog(self.file)
        self.stop = threading.Event()
        self.sender = Sender(client, config.kafka, self.log, self.stop)
        self.pool = make_pool(config, load_points(config))

    def send(
        self, segment: Segment, arrivals: Any, start_ns: int | None = None, **stop: Any
    ) -> int:
        return self.sender.send(
            segment,
            arrival_process(arrivals),
            StopRule(**stop),
            writer(segment, RecordFormat.BINARY, self.pool, 1, 4),
            time.time_ns() if start_ns is None else start_ns,
        )

    def rows(self) -> np.ndarray:
        self.sender.flush(1)
        self.log.close()
        return np.sort(np.frombuffer(self.file.getvalue(), dtype=SENT), order="id")

    def records(self) -> list[Any]:
        decode = CODECS[RecordFormat.BINARY].decode
        return [decode(message).header for _, message, _ in self.client.messages]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rig(config: Callable[..., RunConfig], client: Any) -> Rig:
    return Rig(config(), client)


def test_every_record_is_sent_once_with_its_due_time(rig: Rig) -> None:
    start = time.time_ns() + 1_000_000
    end = rig.send(Segment.WARMUP, ConstantArrivals(rate=10_000), start, seconds=0.05)
    assert end == start + 50_000_000
    last = rig.send(
        Segment.MEASURED, ConstantArrivals(rate=20_000), end, seconds=9, count=CHUNK + 10
    )
    headers = rig.records()
    assert [header.id for header in headers] == list(range(500 + CHUNK + 10))
    assert [partition for _, _, partition in rig.client.messages] == [
        header.id % 3 for header in headers
    ]
    warmup, measured = headers[:500], headers[500:]
    assert {header.segment for header in warmup} == {Segment.WARMUP}
    assert {header.segment for header in measured} == {Segment.MEASURED}
    assert [h.intended_ns for h in warmup] == [start + i * 100_000 for i in range(500)]
    assert [h.intended_ns for h in measured] == [end + i * 50_000 for i in range(CHUNK + 10)]
    assert last == end + (CHUNK + 10) * 50_000
    assert all(header.sent_ns >= header.intended_ns for header in headers)
    rows = rig.rows()
    for name in ("id", "intended_ns", "sent_ns"):
        assert rows[name].tolist() == [getattr(header, name) for header in headers]
    assert (rows["delivery_error"] == 0).all()
    assert (rows["in_append_ms"] > 0).all()


def test_a_late_loop_keeps_the_schedule_and_catches_up(rig: Rig) -> None:
    start = time.time_ns() - 1_000_000_000  # a second late from the first record on
    begin = time.monotonic()
    rig.send(Segment.MEASURED, ConstantArrivals(rate=1000), start, count=1000)
    assert time.monotonic() - begin < 0.5
    assert [h.intended_ns for h in rig.records()] == [start + i * 1_000_000 for i in range(1000)]


def test_max_sends_for_its_time_and_is_due_when_sent(rig: Rig) -> None:
    begin = time.time_ns()
    end = rig.send(Segment.MEASURED, MaxArrivals(), begin, seconds=0.05)
    assert 50_000_000 <= end - begin < 500_000_000
    rows = rig.rows()
    assert len(rows) > 100
    assert (rows["intended_ns"] == rows["sent_ns"]).all()
    assert all(header.intended_ns == header.sent_ns for header in rig.records())


def test_max_sends_its_count(rig: Rig) -> None:
    rig.send(Segment.MEASURED, MaxArrivals(), count=CHUNK + 1)
    assert len(rig.rows()) == CHUNK + 1


def test_a_full_queue_shows_as_lag_and_loses_nothing(rig: Rig) -> None:
    rig.client.room = 10
    start = time.time_ns() - 1
    rig.send(Segment.MEASURED, ConstantArrivals(rate=1e6), start, count=500)
    assert rig.client.refused
    headers = rig.records()
    assert [header.id for header in headers] == list(range(500))
    assert [h.intended_ns for h in headers] == [start + i * 1000 for i in range(500)]
    assert rig.rows()["sent_ns"].tolist() == [header.sent_ns for header in headers]


@pytest.mark.parametrize("arrivals", [ConstantArrivals(rate=5), MaxArrivals()])
@pytest.mark.parametrize("room", [100, 1 << 60])
def test_a_stop_ends_the_segment(rig: Rig, arrivals: Any, room: int) -> None:
    rig.client.holds = room == 100
    rig.client.room = room
    threading.Timer(0.1, rig.stop.set).start()
    begin = time.monotonic()
    rig.send(Segment.MEASURED, arrivals, seconds=60)
    assert time.monotonic() - begin < 2
    sent = len(rig.client.messages)
    rows = rig.rows()
    assert len(rows) == sent == rig.sender.sent
    if rig.client.holds:
        assert (rows["delivery_error"] == -1).all()
        assert rig.log.undelivered == sent


@pytest.mark.parametrize("rate", [1, 20, 49, 51, 100, 500, 2000, 10_000, 50_000])
def test_a_stop_is_noticed_within_50_ms_at_every_rate(
    rig: Rig, clock: Clock, monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    asked_ns = clock.now_ns + 123_456_789
    monkeypatch.setattr("crayfish_producer.sender.time", clock)
    monkeypatch.setattr(rig.stop, "is_set", lambda: clock.now_ns >= asked_ns)
    rig.send(Segment.MEASURED, ConstantArrivals(rate=rate), clock.now_ns, seconds=60)
    assert asked_ns <= clock.now_ns <= asked_ns + 50_000_000


def test_a_short_queue_is_full_soon() -> None:
    """The real client, which has no broker to send to."""
    kafka = KafkaConfig(
        bootstrap="127.0.0.1:1",
        input_topic="in",
        output_topic="out",
        input_partitions=1,
        output_partitions=1,
        max_message_bytes=1_000_000,
    )
    client = make_client(kafka, ProducerClient(queue_records=5))
    for _ in range(5):
        client.produce("topic", b"x")
    with pytest.raises(BufferError):
        client.produce("topic", b"x")
    client.purge()
