"""Nothing is settled before everything up to it is acknowledged, and each batch once."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError
from hypothesis import given
from hypothesis import strategies as st

from crayfish_ray.ledger import DeliveryError, Ledger


def test_a_batch_is_settled_with_its_last_record() -> None:
    ledger: Ledger[str] = Ledger()
    batch = ledger.open(2, "a")
    assert ledger.settled() == []
    batch.acknowledged(None, None)
    assert ledger.settled() == []
    batch.acknowledged(None, None)
    assert ledger.settled() == ["a"]
    assert ledger.settled() == []


def test_what_was_not_delivered_is_never_settled() -> None:
    ledger: Ledger[str] = Ledger()
    first, second = ledger.open(1, "a"), ledger.open(1, "b")
    second.acknowledged(None, None)
    first.acknowledged(KafkaError(KafkaError._MSG_TIMED_OUT), None)
    with pytest.raises(DeliveryError, match="timed out"):
        ledger.settled()
    assert len(ledger) == 2


@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=8),
    data=st.data(),
)
def test_settled_is_the_longest_prefix_that_is_acknowledged(
    sizes: list[int], data: st.DataObject
) -> None:
    ledger: Ledger[int] = Ledger()
    batches = [ledger.open(size, number) for number, size in enumerate(sizes)]
    reports = data.draw(st.permutations([n for n, size in enumerate(sizes) for _ in range(size)]))
    left = list(sizes)
    settled: list[int] = []
    for number in reports:
        batches[number].acknowledged(None, None)
        left[number] -= 1
        settled += ledger.settled()
        done = next((n for n, open_ in enumerate(left) if open_), len(left))
        assert settled == list(range(done))
    assert len(ledger) == 0
