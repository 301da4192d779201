"""Both ends of the pipeline: records in batches from Kafka, results to Kafka, each acknowledged."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from crayfish_contract.kafka import fetch_settings
from crayfish_contract.security import security_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confluent_kafka import KafkaError, Message

    from crayfish_contract.runconfig import RunConfig

    from .options import RayOptions

    Report = Callable[[KafkaError | None, Message | None], None]
    """What the client calls when the broker has a result, or never will."""

Positions = dict[int, int]
"""Partition -> the offset that comes next."""

_WAIT_S: Final = 0.1
"""How long a fetch waits for its first record: an actor looks this often whether it shall stop."""
_CALL_S: Final = 5.0
_ERRORS_CRITICAL: Final = 2
"""syslog level: the clients write to stderr, and what matters comes as an exception."""


@dataclass(slots=True)
class Batch:
    """Messages in the order in which they came, and where their partitions go on after them."""

    values: list[bytes] = field(default_factory=list)
    positions: Positions = field(default_factory=dict)
    received_ns: list[int] | None = None
    """When each came, in Unix time, where the first ones waited for others."""


class Input:
    """Reads the partitions of one source, from where its group committed last.

    The assignment is explicit: no rebalance when a run starts, and none to wait for when a killed
    actor's successor takes over.
    """

    def __init__(self, config: RunConfig, options: RayOptions, index: int) -> None:
        kafka, sources = config.kafka, config.parallelism.source
        self._topic = kafka.input_topic
        self._next: Positions = {}
        self._limit = options.poll_records
        together = config.call.mode == "batched"
        self._wait_s = config.call.wait_ms / 1000 if together else 0.0
        if self._wait_s:  # what fills a call is waited for, and no more
            self._limit = config.call.records
        elif together:  # a call may be larger than what is else read at a time
            self._limit = max(self._limit, config.call.records)
        self._interval_s = options.progress_interval_ms / 1000
        self._committed_at = time.monotonic()
        self._done: Positions = {}
        self.backlog = 0
        """Records not yet read at the last commit, as far as the client knew. Kept, because a call
        from another thread would wait for the one that reads, and that one always reads."""
        self._client = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap,
                **security_settings(kafka),
                "group.id": config.run_id,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": options.fetch_max_wait_ms,
                **fetch_settings(kafka),
                "log_level": _ERRORS_CRITICAL,
            }
        )
        self._partitions = [
            TopicPartition(self._topic, partition)
            for partition in range(index, kafka.input_partitions, sources)
        ]
        self._client.assign(self._partitions)

    def take(self) -> Batch | None:
        """Wait for one record, then take all that lie ready; None if none came.

        `consume` alone would wait to fill its batch.

        Raises:
            KafkaException: if the client cannot go on.
        """
        first = self._client.poll(_WAIT_S)
        if first is None:
            return None
        if self._wait_s:
            return self._kept(*self._awaited(first))
        more = self._client.consume(self._limit - 1, 0.0) if self._limit > 1 else []
        return self._kept([first, *more], None)

    def _awaited(self, first: Message) -> tuple[list[Message], list[int]]:
        """Messages until there are enough, or the time is over; and when each came."""
        end = time.monotonic() + self._wait_s
        messages, received = [first], [time.time_ns()]
        while len(messages) < self._limit:
            message = self._client.poll(max(0.0, end - time.monotonic()))
            if message is None:
                break
            messages.append(message)
            received.append(time.time_ns())
        return messages, received

    def _kept(self, messages: list[Message], received: list[int] | None) -> Batch | None:
        """Those that are records, with where their partitions go on."""
        batch = Batch(received_ns=None if received is None else [])
        for number, message in enumerate(messages):
            error = message.error()
            if error is not None:
                if error.fatal():
                    raise KafkaException(error)
                continue  # the client mends it, or says again that it cannot
            batch.values.append(message.value() or b"")
            if received is not None and batch.received_ns is not None:
                batch.received_ns.append(received[number])
            batch.positions[message.partition() or 0] = (message.offset() or 0) + 1
        self._next.update(batch.positions)
        return batch if batch.values else None

    def commit(self, done: Iterable[Positions]) -> None:
        """Note what is done; tell the broker once per interval, without waiting for its answer."""
        for positions in done:
            self._done.update(positions)
        now = time.monotonic()
        if now - self._committed_at < self._interval_s:
            return
        self._committed_at = now
        self.backlog = self._behind()
        if self._done:
            self._client.commit(offsets=self._offsets(), asynchronous=True)

    def _behind(self) -> int:
        behind = 0
        for partition in self._partitions:
            _, end = self._client.get_watermark_offsets(partition, cached=True)
            behind += max(0, end - self._next.get(partition.partition, 0))
        return behind

    def close(self, done: Iterable[Positions]) -> None:
        """Commit the rest and leave."""
        for positions in done:
            self._done.update(positions)
        if self._done:
            self._client.commit(offsets=self._offsets(), asynchronous=False)
        self._client.close()

    def _offsets(self) -> list[TopicPartition]:
        offsets = [TopicPartition(self._topic, p, offset) for p, offset in self._done.items()]
        self._done = {}
        return offsets


class Output:
    """Sends results, and hears what became of each while it sends the next ones."""

    def __init__(self, config: RunConfig, options: RayOptions) -> None:
        kafka = config.kafka
        self._topic = kafka.output_topic
        self._client = Producer(
            {
                "bootstrap.servers": kafka.bootstrap,
                **security_settings(kafka),
                "acks": 1,
                "linger.ms": options.sink_linger_ms,
                "batch.size": options.sink_batch_bytes,
                # Without a limit and without linger, each record goes in a request of its own.
                "max.in.flight.requests.per.connection": options.sink_requests,
                "message.max.bytes": kafka.max_message_bytes,
                "queue.buffering.max.messages": 10_000,
                "queue.buffering.max.kbytes": max(65_536, 2 * kafka.max_message_bytes // 1024),
                "log_level": _ERRORS_CRITICAL,
            }
        )

    def send(self, value: bytes, report: Report) -> None:
        """Hand over one result; a full queue holds the sender back."""
        while True:
            try:
                self._client.produce(self._topic, value, on_delivery=report)
            except BufferError:
                self._client.poll(_WAIT_S)
            else:
                return

    def hear(self) -> None:
        """Take the delivery reports that have come; never waits."""
        self._client.poll(0)

    def flush(self) -> None:
        """Wait until every result has its delivery report."""
        while self._client.flush(_CALL_S):
            pass
