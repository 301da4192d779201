"""Every message is noted with the time of its own fetch, however late it is taken apart."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from crayfish_consumer.intake import Intake

if TYPE_CHECKING:
    from confluent_kafka import Consumer


@dataclass(frozen=True)
class Message:
    content: bytes
    problem: KafkaError | None = None

    def error(self) -> KafkaError | None:
        return self.problem

    def value(self) -> bytes:
        return self.content

    def timestamp(self) -> tuple[int, int]:
        return 2, int(self.content)


@dataclass
class Client:
    """Each fetch is a list; the first of it answers `poll`, the rest `consume`."""

    fetches: list[list[Message]] = field(default_factory=list)
    left: list[Message] = field(default_factory=list)

    def poll(self, timeout_s: float) -> Message | None:
        if not self.fetches:
            return None
        first, *self.left = self.fetches.pop(0)
        return first

    def consume(self, count: int, timeout_s: float) -> list[Message]:
        assert timeout_s == 0
        return self.left[:count]


def intake(*fetches: list[Message]) -> Intake:
    return Intake(cast("Consumer", Client(list(fetches))))


def messages(*numbers: int) -> list[Message]:
    return [Message(str(number).encode()) for number in numbers]


def test_the_first_of_a_fetch_has_its_own_time_and_the_others_one_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([100, 101, 200])
    monkeypatch.setattr(time, "time_ns", lambda: next(times))
    taking = intake(messages(1, 2, 3), messages(4))
    for _ in range(3):  # the third finds nothing, and reads no clock
        taking.wait()
    taken = taking.take()
    assert taken.values == [b"1", b"2", b"3", b"4"]
    assert taken.append_ms == [1, 2, 3, 4]
    assert taken.consumed_ns == [100, 101, 101, 200]
    assert taking.take().values == []


def test_it_is_due_after_a_while_or_when_there_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    taking = intake(messages(1), messages(*range(2, 1002)))
    taking.wait()
    assert not taking.due()
    now[0] += 0.05
    assert taking.due()
    taking.take()
    assert not taking.due()
    taking.wait()
    assert taking.due()


def test_a_passing_error_is_no_message_and_a_fatal_one_ends_it() -> None:
    passing = Message(b"0", KafkaError(KafkaError._TRANSPORT))
    taking = intake([passing, *messages(7)])
    taking.wait()
    assert taking.take().values == [b"7"]
    fatal = intake([Message(b"0", KafkaError(KafkaError._FATAL, "gone", fatal=True))])
    with pytest.raises(KafkaException):
        fatal.wait()
