"""The sending loop.

Profiled on one core with 3.2 KB records (librdkafka 2.16): `produce` with its copy is about 0.7 us,
header and payload joined 0.4 us, the bound delivery callback 0.8 us. What does not belong here was
moved out: payloads are made before, due times come as a list per chunk, percentiles are computed
when Prometheus asks. A `bytearray` that is patched in place is refused by the client (it takes
read-only buffers), so header and payload are joined into one new message.
"""

from __future__ import annotations

import ctypes
import gc
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from confluent_kafka import KafkaError, Producer

from .sentlog import CHUNK, Chunk, SentLog

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from confluent_kafka import Message
    from crayfish_contract.codec import Segment
    from crayfish_contract.runconfig import KafkaConfig, ProducerClient, StopRule

    from .arrivals import ArrivalProcess
    from .payloads import Writer

_SPIN_NS: Final = 30_000
"""Waits shorter than this are spun: a sleep cannot be that short."""
_POLL_EVERY: Final = 64
"""Records between two looks at the delivery reports while the loop is behind its schedule."""
_MAX_SLEEP_NS: Final = 20_000_000
"""Delivery reports are handled, and a stop is noticed, at least this often."""
_PR_SET_TIMERSLACK: Final = 29


def make_client(bootstrap: str, client: ProducerClient, max_message_bytes: int) -> Producer:
    """A Kafka producer with the run's settings (docs/producer.md)."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": client.acks,
            "linger.ms": client.linger_ms,
            "batch.size": client.batch_bytes,
            "compression.type": client.compression,
            "message.max.bytes": max_message_bytes,
            "queue.buffering.max.kbytes": max(
                client.queue_bytes // 1024, 2 * max_message_bytes // 1024
            ),
            "queue.buffering.max.messages": 1_000_000,
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
    """

    def __init__(
        self, client: Producer, kafka: KafkaConfig, log: SentLog, stop: threading.Event
    ) -> None:
        self._client = client
        self._topic = kafka.input_topic
        self._partitions = kafka.input_partitions
        self._log = log
        self._stop = stop
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
        limit_ns = None if arrivals.paced or stop_rule.seconds is None else (
            start_ns + round(stop_rule.seconds * 1e9)
        )
        done = 0
        with _no_collector():
            while (total is None or done < total) and not self._stop.is_set():
                count = CHUNK if total is None else min(CHUNK, total - done)
                due = start_ns + arrivals.offsets_ns(done, count)
                chunk = Chunk(self.sent, segment, due)
                self._log.open(chunk)
                self.current = chunk
                self._send_chunk(chunk, arrivals.paced, write, limit_ns)
                if not arrivals.paced:
                    chunk.intended_ns = np.array(chunk.sent_ns, dtype=np.int64)
                self._log.close_chunk(chunk)
                done += len(chunk.sent_ns)
                if limit_ns is not None and time.time_ns() >= limit_ns:
                    break
        if arrivals.paced and total is not None and not self._stop.is_set():
            return start_ns + int(arrivals.offsets_ns(total, 1)[0])
        return time.time_ns()

    def _send_chunk(
        self, chunk: Chunk, paced: bool, write: Writer, limit_ns: int | None
    ) -> None:
        produce, poll, now_ns, sleep = self._client.produce, self._client.poll, time.time_ns, time.sleep
        topic, partitions = self._topic, self._partitions
        delivered, note = self._delivered, chunk.sent_ns.append
        stopped = self._stop.is_set
        first = chunk.first_id
        for position, due in enumerate(chunk.intended_ns.tolist()):
            now = now_ns()
            if paced and due > now:
                poll(0)
                while (left := due - now_ns()) > 0:
                    if left > _SPIN_NS:
                        sleep(min(left - _SPIN_NS, _MAX_SLEEP_NS) / 1e9)
                        if left > _MAX_SLEEP_NS:
                            poll(0)
                            if stopped():
                                return
                now = now_ns()
            elif not position % _POLL_EVERY:
                poll(0)
                if stopped() or (limit_ns is not None and now >= limit_ns):
                    return
            id_ = first + position
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
            self.sent = id_ + 1

    def _delivered(
        self, chunk: Chunk, position: int, error: KafkaError | None, message: Message
    ) -> None:
        if error is None:
            self._log.report(chunk, position, message.timestamp()[1], 0, "")
        else:
            self._log.report(chunk, position, -1, error.code(), error.name())

    def flush(self, timeout_s: float) -> int:
        """Wait for outstanding deliveries; returns how many are still missing."""
        left: Any = self._client.flush(timeout_s)
        return int(left)
