"""Sends canaries until the pipeline is ready, or says in words why it is not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from crayfish_load.payloads import canary

from .canaries import Canaries

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from confluent_kafka import KafkaError, Message, Producer

    from crayfish_contract.runconfig import RunConfig

    from .consumer_api import ConsumerApi

_POLL_S: Final = 0.05


class Readiness:
    """The canaries of a run.

    Args:
        config: of the run.
        client: the producer's Kafka client.
        pool: the payloads.
    """

    def __init__(self, config: RunConfig, client: Producer, pool: Sequence[bytes]) -> None:
        self._config, self._client, self._pool = config, client, pool
        self._refused: set[str] = set()
        self.canaries = Canaries(config.kafka.input_partitions)

    def wait(self, consumer: ConsumerApi, stop: threading.Event) -> bool:
        """Until every partition answers and no canary is under way.

        Returns:
            False if that is not so by the deadline, if a partition only fails, or if stopped.
        """
        canaries = self.canaries

        def answered(status: dict[str, Any]) -> bool:
            canaries.note_back(status["canaries"], time.monotonic())
            return canaries.settled(time.monotonic()) or bool(canaries.refused)

        deadline_s = self._config.deadlines.ready
        consumer.await_status(answered, deadline_s, stop, meanwhile=self.send_due)
        return not canaries.silent

    def send_due(self) -> None:
        """A canary to each partition that should get one."""
        self._client.poll(0)
        for partition in self.canaries.due(time.monotonic()):
            id_ = self.canaries.note_sent(partition, time.monotonic())
            self._send(canary(self._config, self._pool, id_), partition)

    def _send(self, message: bytes, partition: int) -> None:
        topic = self._config.kafka.input_topic
        while True:
            try:
                self._client.produce(topic, message, partition=partition, on_delivery=self._heard)
            except BufferError:  # the queue takes a few large records at a time
                self._client.poll(_POLL_S)
            else:
                return

    def _heard(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._refused.add(error.str())

    def trouble(self) -> str:
        """Why it is not ready, for people."""
        canaries = self.canaries
        silent = ", ".join(map(str, canaries.silent))
        if canaries.refused:
            return (
                f"all canary records to partition {silent} came back as failed: "
                "the processor's log says why the first of them failed"
            )
        told = f"; the broker refused: {', '.join(sorted(self._refused))}" if self._refused else ""
        return (
            f"{canaries.under_way} of {canaries.sent} canary records did not come back, "
            f"none from partition {silent}{told}"
        )
