"""The engine's events, as it writes them, become `Ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import docker

from crayfish_ctl.run.watch import ContainerEvents, Ended, parse_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

ID = "ab" * 32


def died(service: str | None = "producer", code: str | None = "137") -> dict[str, Any]:
    attributes = {"image": "crayfish/producer:latest", "name": "crayfish-producer-1"}
    if service is not None:
        attributes["com.docker.compose.service"] = service
    if code is not None:
        attributes["exitCode"] = code
    return {
        "status": "die",
        "id": ID,
        "Type": "container",
        "Action": "die",
        "Actor": {"ID": ID, "Attributes": attributes},
        "time": 1700000000,
    }


def test_an_event_names_service_and_exit_code() -> None:
    assert parse_event(died()) == Ended(ID, "producer", 137)


def test_a_container_that_compose_did_not_start_has_no_service() -> None:
    assert parse_event(died(service=None)) == Ended(ID, "", 137)


def test_an_event_without_a_code_is_an_orderly_end() -> None:
    assert parse_event(died(code=None)) == Ended(ID, "producer", 0)


class Engine:
    """Stands for the engine's client; its stream breaks after the last event, as a closed one."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events
        self.filters: dict[str, str] = {}
        self.closed: list[str] = []

    def events(self, *, decode: bool, filters: dict[str, str]) -> Engine:
        assert decode
        self.filters = filters
        return self

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from self._events
        raise ValueError("read of closed file")

    def close(self) -> None:
        self.closed.append("closed")


def test_events_come_in_order_and_a_stranger_does_not_end_the_watch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine([died(service=None), died("consumer", "0"), died("kafka", "1")])
    monkeypatch.setattr(docker, "from_env", lambda: engine)
    with ContainerEvents() as events:
        assert [events.next(5.0) for _ in range(3)] == [
            Ended(ID, "", 137),
            Ended(ID, "consumer", 0),
            Ended(ID, "kafka", 1),
        ]
        assert events.next(0.001) is None
    assert engine.filters == {
        "type": "container",
        "event": "die",
        "label": "com.docker.compose.project=crayfish",
    }
    assert engine.closed == ["closed", "closed"]
