"""One canary at a time, all of them back: for models of microseconds and of half a minute."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from crayfish_producer.canaries import Canaries


@dataclass
class Pipeline:
    """Answers the canaries of each partition one after the other, `service_s` each, from `up_s` on.

    `deaf`: those that were sent before it was up are lost, as with a source that begins at the end.
    """

    service_s: float
    up_s: float = 0.0
    deaf: bool = False
    failing: bool = False
    back: list[dict[str, object]] = field(default_factory=list)
    waiting: list[tuple[int, int, float]] = field(default_factory=list)
    free_s: dict[int, float] = field(default_factory=dict)

    def take(self, id_: int, partition: int, now: float) -> None:
        if not (self.deaf and now < self.up_s):
            self.waiting.append((id_, partition, now))

    def go_on(self, now: float) -> None:
        for one in list(self.waiting):
            id_, partition, sent = one
            done = max(sent, self.up_s, self.free_s.get(partition, 0.0)) + self.service_s
            if done <= now:
                self.waiting.remove(one)
                self.free_s[partition] = done
                self.back.append({"id": id_, "ok": not self.failing, "latency_s": done - sent})


def await_settled(pipeline: Pipeline, partitions: int = 1) -> tuple[Canaries, float]:
    """Ask every tenth of a second, as the producer does; returns when it was settled."""
    canaries, tenths = Canaries(partitions), 10_000
    while not canaries.settled(tenths / 10) and not canaries.refused:
        now = tenths / 10
        for partition in canaries.due(now):
            pipeline.take(canaries.note_sent(partition, now), partition, now - 1000)
        pipeline.go_on(now - 1000)
        canaries.note_back(pipeline.back, now)
        tenths += 1
        assert tenths < 20_000
    return canaries, tenths / 10 - 1000


@pytest.mark.parametrize("partitions", [1, 4])
def test_a_fast_model_is_ready_at_once(partitions: int) -> None:
    canaries, taken = await_settled(Pipeline(0.001), partitions)
    assert canaries.sent == partitions
    assert taken < 0.5


def test_a_slow_model_begins_without_a_backlog() -> None:
    pipeline = Pipeline(30.0)
    canaries, taken = await_settled(pipeline, 2)
    assert canaries.under_way == 0
    assert pipeline.waiting == []
    assert canaries.longest_s >= 30.0
    assert canaries.sent <= 2 * 5  # doubled waits, and not one every two seconds
    assert taken < 30.0 * 6


def test_a_stack_that_starts_slowly_does_not_find_a_queue() -> None:
    canaries, taken = await_settled(Pipeline(0.01, up_s=20.0), 3)
    assert canaries.sent <= 3 * 5
    assert 20.0 <= taken < 20.5


def test_a_source_that_begins_at_the_end_gets_another_and_the_lost_ones_are_given_up() -> None:
    canaries, taken = await_settled(Pipeline(0.01, up_s=3.0, deaf=True))
    assert canaries.under_way > 0
    assert taken < 8.0


def test_one_silent_partition_is_not_ready() -> None:
    canaries = Canaries(2)
    ids = [canaries.note_sent(partition, 1.0) for partition in canaries.due(1.0)]
    canaries.note_back([{"id": ids[0], "ok": True, "latency_s": 0.1}], 1.1)
    assert canaries.silent == [1]
    assert not canaries.settled(500.0)
    assert canaries.due(500.0) == [1]  # the other one is known to answer


def test_a_pipeline_that_fails_each_canary_is_given_up_after_three() -> None:
    canaries, taken = await_settled(Pipeline(0.01, failing=True), 2)
    assert canaries.refused == [0, 1]
    assert canaries.sent == 2 * 3
    assert taken < 1


def test_a_canary_that_comes_twice_counts_once() -> None:
    canaries = Canaries(1)
    id_ = canaries.note_sent(0, 1.0)
    for _ in range(4):
        canaries.note_back([{"id": id_, "ok": False, "latency_s": 0.1}] * 2, 2.0)
    assert canaries.refused == []
    assert canaries.under_way == 0
