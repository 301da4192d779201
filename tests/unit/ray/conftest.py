"""A broker of the Kafka client's own, which speaks the protocol and needs no engine."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Points, choices, make_plan, run_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crayfish_contract.runconfig import RunConfig

ROOT = Path(__file__).parents[3]
PARTITIONS = 4
"""What this broker gives every topic."""


class Broker:
    """One broker; it lives as long as this object."""

    def __init__(self) -> None:
        # Topics come into being with their first message.
        self._owner = Producer({"bootstrap.servers": "", "test.mock.num.brokers": 1})
        (broker,) = self._owner.list_topics(timeout=10).brokers.values()
        self.address = f"{broker.host}:{broker.port}"

    def send(self, topic: str, values: list[bytes], partition: int = 0) -> None:
        client = Producer({"bootstrap.servers": self.address})
        for value in values:
            client.produce(topic, value, partition=partition)
        assert client.flush(10) == 0

    def read(self, topic: str, count: int) -> list[bytes]:
        """The first `count` messages of a topic, in the order of each partition."""
        return list(islice(self.stream(topic), count))

    def stream(self, topic: str) -> Iterator[bytes]:
        """The messages of a topic, as long as more come."""
        client = Consumer(
            {
                "bootstrap.servers": self.address,
                "group.id": "the-test",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            }
        )
        client.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        try:
            while True:
                message = client.poll(10)
                assert message is not None, "no more messages came"
                assert message.error() is None, message.error()
                yield message.value() or b""
        finally:
            client.close()


@pytest.fixture(scope="session")
def broker() -> Broker:
    return Broker()


@pytest.fixture
def config(broker: Broker, request: pytest.FixtureRequest) -> RunConfig:
    """A run of the small model's noop with topics of its own."""
    plan = make_plan(
        load_catalog(ROOT), choices(experiment="input-rate", processors=("ray",), tools=("noop",))
    )
    made = run_config(plan, plan.runs[0], Points("random", 5))
    name = f"{request.node.name}".translate(str.maketrans("[]", "--"))
    kafka = made.kafka.model_copy(
        update={
            "bootstrap": broker.address,
            "input_topic": f"{name}-in",
            "output_topic": f"{name}-out",
        }
    )
    return made.model_copy(update={"kafka": kafka, "run_id": name})
