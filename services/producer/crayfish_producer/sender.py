"""The sending loop.

What it costs was measured (3.2 KB records, confluent-kafka 2.16, Python 3.11, one core, medians):

- Building a message: 0.23 us as header and payload joined, 1.8 us with the codec. A `bytearray`
  that is patched in place is refused by the client (it takes read-only buffers).
- Handing it over: 0.65 us without a delivery callback, 0.9 us with one for all records, 1.15 us
  with a `partial` that knows the record's position: nothing else in a delivery report does.
- `produce_batch` with a callback per message: as fast as `produce` (0.98 to 1.02 of its rate), so
  each record keeps its own send time.
- Five requests in flight instead of librdkafka's million: 1.07 times the unthrottled rate with a
  warm broker, 2.5 times with a cold one.
- At 30,000/s most of the CPU goes into waking up: 29 us per record if waits below 30 us are spun,
  21 us with exact sleeps, 14 us with sleeps of at least 0.1 ms (median lag 0.07 ms). A producer
  that is limited to half a core must not spin: it would be throttled.
- The kernel's default slack for sleeps (50 us) doubles the median lag, so it is switched off.
"""

from __future__ import annotations

import ctypes
import gc
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Producer

from crayfish_contract.security import security_settings

from .sentlog import CHUNK, Chunk, SentLog

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from confluent_kafka import Message

    from crayfish_contract.codec import Segment
    from crayfish_contract.runconfig import KafkaConfig, ProducerClient, StopRule
    from crayfish_load.arrivals import ArrivalProcess
    from crayfish_load.payloads import Writer

_MIN_SLEEP_NS: Final = 100_000
"""Beyond 10,000 records/s a few are sent at each waking, each with its own due time."""
_POLL_EVERY: Final = 64
"""Records between two looks at the delivery reports while the loop is behind its schedule."""
_MAX_SLEEP_NS: Final = 20_000_000
"""Delivery reports are handled at least this often; after a longer sleep a stop is looked for."""
_LOOK_NS: Final = 10_000_000
"""Between two looks at `stop` while records follow each other: by the clock, which is read for each
record anyway, because no number of records is a time at every rate."""
_NEVER_NS: Final = 1 << 63
_PR_SET_TIMERSLACK: Final = 29


def make_client(kafka: KafkaConfig, client: ProducerClient) -> Producer:
    """A Kafka producer with the run's settings (docs/producer.md)."""
    max_message_bytes = kafka.max_message_bytes
    return Producer(
        {
            "bootstrap.servers": kafka.bootstrap,
            **security_settings(kafka),
            "acks": client.acks,
            "linger.ms": client.linger_ms,
            "batch.size": client.batch_bytes,
            "compression.type": client.compression,
            "message.max.bytes": max_message_bytes,
            "queue.buffering.max.kbytes": max(
                client.queue_bytes // 1024, 2 * max_message_bytes // 1024
            ),
            "queue.buffering.max.messages": client.queue_records,
            # Kafka's own default. librdkafka's is a million: without a linger time it then sends
            # one request per record, and the broker drowns in requests.
            "max.in.flight.requests.per.connection": 5,
            "partitioner": "consistent",
            "log_level": 3,
        }
    )


def precise_sleeps() -> None:
    """Ask the kernel not to lengthen this thread's sleeps (default slack: 50 us)."""
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)


@contextmanager
def _no_collector() -> Iterator[None]:
    """The loop makes no cycles, so the cyclic collector would only pause it."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Sender:
    """Sends segments on one Kafka producer and keeps their log.

    Args:
        client: made by `make_client`.
        kafka: topic and number of partitions.
        log: where sent records are noted.
        stop: set to end the loop early.
        number: which of several producers this is, from 0.
        of: how many there are; ids go up by this.
    """

    def __init__(  # noqa: PLR0917
        self,
        client: Producer,
        kafka: KafkaConfig,
        log: SentLog,
        stop: threading.Event,
        number: int = 0,
        of: int = 1,
    ) -> None:
        self._client = client
        self._topic = kafka.input_topic
        self._partitions = kafka.input_partitions
        self._log = log
        self._stop = stop
        self._number, self._of = number, of
        self.next_id = 0
        """Above every id that was sent; where there are several producers, they agree on it."""
        self.sent = 0
        """Records handed to the client so far."""
        self.current: Chunk | None = None

    def send(
        self,
        segment: Segment,
        arrivals: ArrivalProcess,
        stop_rule: StopRule,
        write: Writer,
        start_ns: int,
    ) -> int:
        """Send one segment; ids go on where the last segment ended.

        Args:
            segment: its tag.
            arrivals: its schedule.
            stop_rule: its end.
            write: makes the messages.
            start_ns: Unix time of offset 0.

        Returns:
            Unix ns of the end of the schedule (of the last send, if there is no schedule).
        """
        total = arrivals.count(stop_rule)
        limit_ns = (
            _NEVER_NS
            if arrivals.paced or stop_rule.seconds is None
            else (start_ns + round(stop_rule.seconds * 1e9))
        )
        done, base = 0, self.next_id + self._number
        with _no_collector():
            while (total is None or done < total) and not self._stop.is_set():
                count = CHUNK if total is None else min(CHUNK, total - done)
                due = start_ns + arrivals.offsets_ns(done, count)
                chunk = Chunk(base + done * self._of, segment, due, step=self._of)
                self._log.open(chunk)
                self.current = chunk
                self._send_chunk(chunk, arrivals.paced, write, limit_ns)
                if not arrivals.paced:
                    chunk.intended_ns = np.array(chunk.sent_ns, dtype=np.int64)
                self._log.close_chunk(chunk)
                done += len(chunk.sent_ns)
                if done:
                    self.next_id = base + (done - 1) * self._of + 1
                if time.time_ns() >= limit_ns:
                    break
        if arrivals.paced and total is not None and not self._stop.is_set():
            return start_ns + int(arrivals.offsets_ns(total, 1)[0])
        return time.time_ns()

    def _send_chunk(self, chunk: Chunk, paced: bool, write: Writer, limit_ns: int) -> None:
        produce, poll, now_ns = self._client.produce, self._client.poll, time.time_ns
        topic, partitions = self._topic, self._partitions
        delivered, note = self._delivered, chunk.sent_ns.append
        stopped = self._stop.is_set
        id_, step, before = chunk.first_id, chunk.step, self.sent
        look_ns = 0
        for position, due in enumerate(chunk.intended_ns.tolist()):
            now = now_ns()
            if paced and due > now:
                if not self._wait(due):
                    return
                now = now_ns()
            elif not position % _POLL_EVERY:
                poll(0)
            if now >= look_ns:
                if stopped() or now >= limit_ns:
                    return
                look_ns = min(now + _LOOK_NS, limit_ns)
            message = write(id_, due if paced else now, now)
            report = partial(delivered, chunk, position)
            while True:
                try:
                    produce(topic, message, None, id_ % partitions, report)
                    break
                except BufferError:  # the queue is full: the wait shows as schedule lag
                    poll(0.001)
                    if stopped():
                        return
                    now = now_ns()
                    message = write(id_, due if paced else now, now)
            note(now)
            id_ += step
            self.sent = before + position + 1

    def _wait(self, due: int) -> bool:
        """Handle delivery reports, then sleep until `due`; False if stopped."""
        self._client.poll(0)
        while (left := due - time.time_ns()) > 0:
            time.sleep(max(_MIN_SLEEP_NS, min(left, _MAX_SLEEP_NS)) / 1e9)
            if left > _MAX_SLEEP_NS:
                self._client.poll(0)
                if self._stop.is_set():
                    return False
        return True

    def _delivered(
        self, chunk: Chunk, position: int, error: KafkaError | None, message: Message
    ) -> None:
        if error is None:
            kind, milliseconds = message.timestamp()
            if kind != TIMESTAMP_LOG_APPEND_TIME:  # with acks=0 the broker says nothing
                milliseconds = -1
            self._log.report(chunk, position, milliseconds, 0, "")
        else:
            self._log.report(chunk, position, -1, error.code(), error.name())

    def flush(self, timeout_s: float) -> int:
        """Wait for outstanding deliveries; returns how many are still missing."""
        left: Any = self._client.flush(timeout_s)
        return int(left)
