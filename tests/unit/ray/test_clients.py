"""Both ends, against a broker: batches as they lie ready, results acknowledged, offsets kept."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from crayfish_contract.runconfig import CallConfig
from crayfish_ray.clients import Batch, Input, Output
from crayfish_ray.ledger import Ledger
from crayfish_ray.options import RayOptions

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig
    from tests.unit.ray.conftest import Broker

OPTIONS = RayOptions(poll_records=10, progress_interval_ms=0)


def values(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def take(source: Input, count: int) -> list[Batch]:
    """Batches until `count` records have come."""
    batches: list[Batch] = []
    end = time.monotonic() + 20
    while sum(len(batch.values) for batch in batches) < count:
        assert time.monotonic() < end
        if batch := source.take():
            batches.append(batch)
    return batches


def test_batches_keep_the_order_and_their_limit(config: RunConfig, broker: Broker) -> None:
    broker.send(config.kafka.input_topic, values(35))
    source = Input(config, OPTIONS, 0)
    batches = take(source, 35)
    assert [value for batch in batches for value in batch.values] == values(35)
    assert max(len(batch.values) for batch in batches) <= 10
    assert batches[-1].positions == {0: 35}
    assert source.take() is None
    source.close([])


def test_one_record_is_not_kept_waiting_for_others(config: RunConfig, broker: Broker) -> None:
    broker.send(config.kafka.input_topic, values(1))
    # This broker answers an empty fetch late, even if a record comes meanwhile.
    source = Input(config, OPTIONS.model_copy(update={"fetch_max_wait_ms": 5}), 0)
    take(source, 1)
    taken = []
    for _ in range(5):
        broker.send(config.kafka.input_topic, values(1))
        started = time.monotonic()
        take(source, 1)
        taken.append(time.monotonic() - started)
    assert min(taken) < 0.05
    source.close([])


@pytest.mark.parametrize("wait_ms", [0.0, 2000.0])
def test_a_call_may_have_more_records_than_are_else_read_at_a_time(
    config: RunConfig, broker: Broker, wait_ms: float
) -> None:
    call = CallConfig(mode="batched", records=25, wait_ms=wait_ms)
    broker.send(config.kafka.input_topic, values(60))
    source = Input(config.model_copy(update={"call": call}), OPTIONS, 0)
    batches = take(source, 50)
    assert max(len(batch.values) for batch in batches) == 25
    assert [value for batch in batches for value in batch.values][:50] == values(50)
    source.close([])


def test_what_waits_for_others_says_since_when(config: RunConfig, broker: Broker) -> None:
    call = CallConfig(mode="batched", records=3, wait_ms=5000)
    # Before the reader: a client that finds no topic may look for it again only much later.
    broker.send(config.kafka.input_topic, values(1))
    source = Input(config.model_copy(update={"call": call}), OPTIONS, 0)
    found: list[Batch] = []
    reader = threading.Thread(target=lambda: found.extend(take(source, 3)))
    before = time.time_ns()
    reader.start()
    broker.send(config.kafka.input_topic, values(2, first=1))
    reader.join()
    (batch,) = found
    assert batch.received_ns is not None
    assert len(batch.received_ns) == len(batch.values) == 3
    assert sorted(batch.received_ns) == batch.received_ns
    assert before <= batch.received_ns[0]
    assert batch.received_ns[-1] <= time.time_ns()
    source.close([])


def test_a_successor_goes_on_where_its_predecessor_committed(
    config: RunConfig, broker: Broker
) -> None:
    broker.send(config.kafka.input_topic, values(20))
    first = Input(config, OPTIONS, 0)
    batches = take(first, 20)
    first.close([batches[0].positions])  # the others were not acknowledged
    second = Input(config, OPTIONS, 0)
    again = take(second, 20 - len(batches[0].values))
    assert again[0].values[0] == b"%d" % len(batches[0].values)
    second.close([])


def test_sources_share_the_partitions(config: RunConfig, broker: Broker) -> None:
    wide = config.model_copy(
        update={
            "kafka": config.kafka.model_copy(update={"input_partitions": 3}),
            "parallelism": config.parallelism.model_copy(update={"source": 2}),
        }
    )
    for partition in range(3):
        broker.send(wide.kafka.input_topic, values(2, 10 * partition), partition)
    read = []
    for index, count in ((0, 4), (1, 2)):
        source = Input(wide, OPTIONS, index)
        read.append({value for batch in take(source, count) for value in batch.values})
        source.close([])
    assert read == [{b"0", b"1", b"20", b"21"}, {b"10", b"11"}]


def test_the_backlog_is_what_has_not_been_read(config: RunConfig, broker: Broker) -> None:
    broker.send(config.kafka.input_topic, values(25))
    source = Input(config, OPTIONS, 0)
    batch = source.take() or take(source, 1)[0]
    source.commit([])
    assert source.backlog == 25 - len(batch.values)
    take(source, source.backlog)
    source.commit([])
    assert source.backlog == 0
    source.close([])


def test_every_result_is_acknowledged(config: RunConfig, broker: Broker) -> None:
    ledger: Ledger[str] = Ledger()
    report = ledger.open(50, "all").acknowledged
    sink = Output(config, OPTIONS)
    for value in values(50):
        sink.send(value, report)
    assert ledger.settled() == []
    sink.flush()
    assert ledger.settled() == ["all"]
    assert sorted(broker.read(config.kafka.output_topic, 50)) == sorted(values(50))


def test_a_full_queue_holds_the_sender_back_and_loses_nothing(
    config: RunConfig, broker: Broker
) -> None:
    """The queue takes 10,000 results."""
    ledger: Ledger[str] = Ledger()
    report = ledger.open(25_000, "all").acknowledged
    sink = Output(config, OPTIONS)
    for value in values(25_000):
        sink.send(value, report)
    sink.flush()
    assert ledger.settled() == ["all"]
