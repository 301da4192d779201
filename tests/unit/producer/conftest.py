"""A run config, and a Kafka client that needs no broker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME

from crayfish_contract.runconfig import RunConfig
from tests.unit.load.made import make_config


@dataclass(frozen=True)
class FakeMessage:
    append_ms: int = 1
    kind: int = TIMESTAMP_LOG_APPEND_TIME

    def timestamp(self) -> tuple[int, int]:
        return self.kind, self.append_ms


@dataclass(frozen=True)
class FakeError:
    number: int

    def code(self) -> int:
        return self.number


@dataclass
class FakeClient:
    """Takes messages; `poll` delivers what it holds. `room`: the queue is full beyond it."""

    room: int = 1 << 60
    holds: bool = False
    messages: list[tuple[str, bytes, int]] = field(default_factory=list)
    reports: list[Callable[[Any, Any], None]] = field(default_factory=list)
    refused: int = 0
    after_produce: Callable[[], None] = lambda: None

    def produce(
        self,
        topic: str,
        value: bytes,
        key: None = None,
        partition: int = -1,
        on_delivery: Callable[[Any, Any], None] | None = None,
    ) -> None:
        assert key is None
        if len(self.reports) >= self.room:
            self.refused += 1
            raise BufferError
        self.messages.append((topic, value, partition))
        if on_delivery is not None:
            self.reports.append(on_delivery)
        self.after_produce()

    def poll(self, timeout_s: float) -> None:
        if not self.holds:
            reports, self.reports = self.reports, []
            for report in reports:
                report(None, FakeMessage(len(self.messages)))

    def flush(self, timeout_s: float) -> int:
        self.poll(0)
        return len(self.reports)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def config() -> Callable[..., RunConfig]:
    """Makes a run config; keywords replace parts of its workload."""
    return make_config


@pytest.fixture
def message() -> type[FakeMessage]:
    return FakeMessage


@pytest.fixture
def error() -> type[FakeError]:
    return FakeError
