"""Records in, results out, and offsets only of what the broker has: without Ray, with a broker."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_contract.codec import CODECS, Header, RecordFormat, Segment, Status, unpack_header
from crayfish_ray.actors import Chain, Reader, Scorer, Sink, Source
from crayfish_ray.clients import Input
from crayfish_ray.options import RayOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from crayfish_contract.runconfig import RunConfig
    from tests.unit.ray.conftest import Broker

OPTIONS = RayOptions(poll_records=7, in_flight=2, progress_interval_ms=0)
CODEC = CODECS[RecordFormat.BINARY]


class Remote:
    """Calls an object as Ray calls an actor: one call after the other, answers come later."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor
        self._thread = ThreadPoolExecutor(1)
        self.waiting = 0
        self.most_waiting = 0

    def __getattr__(self, name: str) -> Any:
        return _Method(self, getattr(self._actor, name))

    def submit(self, method: Callable[..., Any], arguments: tuple[Any, ...]) -> Future[Any]:
        def call() -> Any:
            try:
                return method(*(get(argument) for argument in arguments))
            finally:
                self.waiting -= 1

        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        return self._thread.submit(call)


class _Method:
    def __init__(self, actor: Remote, method: Callable[..., Any]) -> None:
        self._actor, self._method = actor, method

    def remote(self, *arguments: Any) -> Future[Any]:
        return self._actor.submit(self._method, arguments)


def get(value: Any) -> Any:
    return value.result(20) if isinstance(value, Future) else value


def requests(count: int) -> list[bytes]:
    points = np.zeros(784, np.float32)
    return [CODEC.encode(Header(Segment.MEASURED, i, 1, 2, 1, 784), points) for i in range(count)]


def separate(config: RunConfig, scorers: int = 2, sinks: int = 1) -> tuple[Source, list[Remote]]:
    """A source with scorers and sinks of its own."""
    scoring = [Remote(Scorer(config)) for _ in range(scorers)]
    writing = [Remote(Sink(config, OPTIONS)) for _ in range(sinks)]
    return Source(config, OPTIONS, 0, scoring, writing, get), scoring


KINDS: list[Callable[[RunConfig], Reader]] = [
    lambda config: Chain(config, OPTIONS, 0),
    lambda config: separate(config)[0],
    lambda config: separate(config, scorers=1, sinks=2)[0],
]


def run_until(reader: Reader, scored: int) -> int:
    """Run the reader in a thread, as its node does; stop it when it has scored that many."""
    result: list[int] = []
    thread = threading.Thread(target=lambda: result.append(reader.run()))
    thread.start()
    waited = threading.Event()
    for _ in range(400):
        if sum(reader.progress().scored.values()) >= scored:
            break
        waited.wait(0.05)
    reader.stop()
    thread.join(20)
    return result[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_comes_out_scored_once(
    kind: Callable[[RunConfig], Reader], config: RunConfig, broker: Broker
) -> None:
    broker.send(config.kafka.input_topic, requests(100))
    assert run_until(kind(config), 100) == 100
    headers = [unpack_header(value) for value in broker.read(config.kafka.output_topic, 100)]
    ids = [header.id for header in headers]
    assert sorted(ids) == list(range(100))
    assert {header.status for header in headers} == {Status.OK}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_acknowledged_is_committed_at_the_end(
    kind: Callable[[RunConfig], Reader], config: RunConfig, broker: Broker
) -> None:
    broker.send(config.kafka.input_topic, requests(20))
    run_until(kind(config), 20)
    broker.send(config.kafka.input_topic, [b"the next one"])
    successor = Input(config, OPTIONS, 0)
    batch = None
    while batch is None:
        batch = successor.take()
    assert batch.values == [b"the next one"]
    successor.close([])


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_that_is_none_comes_out_and_the_next_is_scored(
    kind: Callable[[RunConfig], Reader], config: RunConfig, broker: Broker
) -> None:
    good = requests(2)
    broker.send(config.kafka.input_topic, [good[0], b"", b"nonsense", good[1][:-8], good[1]])
    assert run_until(kind(config), 5) == 5
    results = broker.read(config.kafka.output_topic, 5)
    read = [unpack_header(result) for result in results if result[5] & 0x7F]
    assert sorted((header.id, header.status) for header in read) == [
        (0, Status.OK),
        (1, Status.OK),
        (1, Status.FAILED),
    ]


def test_a_reader_that_dies_has_committed_nothing_that_was_not_acknowledged(
    config: RunConfig, broker: Broker
) -> None:
    """A scorer raises in the middle, as the call to a dead actor does."""
    broker.send(config.kafka.input_topic, requests(60))
    source, scorers = separate(config, scorers=1)
    original, calls = scorers[0]._actor.score, []

    def score(values: list[bytes], received_ns: list[int] | None) -> list[bytes]:
        calls.append(len(values))
        if len(calls) == 5:
            raise RuntimeError("the actor died")
        scored: list[bytes] = original(values)
        return scored

    scorers[0]._actor.score = score
    with pytest.raises(RuntimeError, match="the actor died"):
        source.run()
    # It leaves nothing but its offsets; the successor sends the rest, and some of it again.
    run_until(Chain(config, OPTIONS, 0), 60 - sum(calls[:4]))
    missing = set(range(60))
    for result in broker.stream(config.kafka.output_topic):
        missing.discard(unpack_header(result).id)
        if not missing:
            break


def test_calls_under_way_are_bounded(config: RunConfig, broker: Broker) -> None:
    """Two scorers, two calls each; a source that went on reading would fill the memory."""
    broker.send(config.kafka.input_topic, requests(140))
    source, scorers = separate(config)
    run_until(source, 140)
    assert 1 <= max(scorer.most_waiting for scorer in scorers) <= OPTIONS.in_flight


def test_work_is_shared_between_scorers(config: RunConfig, broker: Broker) -> None:
    broker.send(config.kafka.input_topic, requests(140))
    source, _ = separate(config)
    run_until(source, 140)
    scored = source.progress().scored
    assert scored.keys() == {"scorer-0", "scorer-1"}
    assert min(scored.values()) >= 60
