"""What is sent while the pipeline is not ready, and what is said if it never is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from crayfish_contract.codec import CODECS, RecordFormat
from crayfish_load.payloads import load_points, make_pool
from crayfish_producer.ready import Readiness
from tests.unit.load.made import make_config

if TYPE_CHECKING:
    from crayfish_producer.consumer_api import ConsumerApi
    from tests.unit.producer.conftest import FakeClient

PARTITIONS = 3  # of the made config
FAILED = (
    "all canary records to partition 0, 1, 2 came back as failed: "
    "the processor's log says why the first of them failed"
)


@dataclass
class Consumer:
    """Answers each question with what came back until then; `back` says what does."""

    client: FakeClient
    back: Any
    asked: int = 0
    most: int = 20
    seen: list[dict[str, Any]] = field(default_factory=list)

    def await_status(self, condition: Any, *_: Any, meanwhile: Any) -> None:
        decode = CODECS[RecordFormat.BINARY].decode
        while self.asked < self.most:
            self.asked += 1
            meanwhile()
            ids = [decode(message).header.id for _, message, _ in self.client.messages]
            told = [one for id_ in ids if (one := self.back(id_)) is not None]
            if condition({"canaries": told}):
                return


def readiness(client: FakeClient, back: Any) -> tuple[Readiness, bool]:
    config = make_config()
    ready = Readiness(config, cast("Any", client), make_pool(config, load_points(config)))
    consumer = cast("ConsumerApi", Consumer(client, back))
    return ready, ready.wait(consumer, threading.Event())


def ok(id_: int) -> dict[str, Any]:
    return {"id": id_, "ok": True, "latency_s": 0.1}


def test_one_canary_of_every_partition_is_enough(client: FakeClient) -> None:
    _, is_ready = readiness(client, ok)
    assert is_ready
    assert [partition for _, _, partition in client.messages] == list(range(PARTITIONS))


def test_a_queue_that_takes_one_record_at_a_time_takes_them_all(client: FakeClient) -> None:
    client.room = 1
    _, is_ready = readiness(client, ok)
    assert is_ready
    assert client.refused
    assert len(client.messages) == PARTITIONS


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (lambda _: None, "3 of 3 canary records did not come back, none from partition 0, 1, 2"),
        (
            lambda id_: ok(id_) if id_ else None,
            "1 of 3 canary records did not come back, none from partition 0",
        ),
        (
            lambda id_: ok(id_) | {"ok": False},
            FAILED,
        ),
    ],
)
def test_what_is_missing_is_said(client: FakeClient, back: Any, said: str) -> None:
    ready, is_ready = readiness(client, back)
    assert not is_ready
    assert ready.trouble() == said


def test_what_the_broker_refuses_is_said(client: FakeClient) -> None:
    ready, _ = readiness(client, lambda _: None)

    class Refused:
        def str(self) -> str:
            return "Broker: Message size too large"

    ready._heard(cast("Any", Refused()), cast("Any", None))
    assert ready.trouble().endswith("; the broker refused: Broker: Message size too large")
