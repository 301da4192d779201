"""The engine's events, as it writes them, become `Ended`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from python_on_whales import docker

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets import Ended, MemoryTarget, Task, made_task
from crayfish_ctl.targets.docker.events import ContainerEvents, parse_event

if TYPE_CHECKING:
    from pathlib import Path

ID = "ab" * 32


def died(service: str | None = "producer", code: str | None = "137") -> dict[str, Any]:
    attributes = {"image": "crayfish/producer:latest", "name": "crayfish-bench-producer-1"}
    if service is not None:
        attributes["crayfish.service"] = service
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


def test_a_container_of_no_stack_has_no_service() -> None:
    assert parse_event(died(service=None)) == Ended(ID, "", 137)


def test_an_event_without_a_code_is_an_orderly_end() -> None:
    assert parse_event(died(code=None)) == Ended(ID, "producer", 0)


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command in the place of docker's: prints the lines of a file, and ends when told to."""
    lines = tmp_path / "events"
    lines.touch()
    command = tmp_path / "docker"
    command.write_text(
        f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\ncat "{lines}"\n'
        f'[ -e "{tmp_path}/breaks" ] || exec sleep 60\n'
    )
    command.chmod(0o755)
    engine = docker.client_config
    monkeypatch.setattr(engine, "client_call", [str(command)])
    monkeypatch.setattr(engine, "_client_call_with_path", None)
    return lines


def test_events_come_in_order_and_a_stranger_does_not_end_the_watch(stream: Path) -> None:
    events_ = [died(service=None), died("consumer", "0"), died("kafka", "1")]
    stream.write_text("".join(json.dumps(event) + "\n" for event in events_))
    with ContainerEvents(docker, MemoryTarget().tasks) as events:
        assert [events.next(5.0) for _ in range(3)] == [
            Ended(ID, "", 137),
            Ended(ID, "consumer", 0),
            Ended(ID, "kafka", 1),
        ]
        assert events.next(0.001) is None
    assert "--filter label=crayfish.stack=true" in (stream.parent / "asked").read_text()


def test_a_stream_that_breaks_is_opened_again_and_what_it_missed_is_found(stream: Path) -> None:
    breaks = stream.parent / "breaks"
    breaks.touch()
    target = MemoryTarget(made_task("kafka"), made_task("consumer", running=False, exit_code=3))
    with ContainerEvents(docker, target.tasks) as events:
        found: list[Ended] = []
        for _ in range(100):  # it may break again before it is whole
            event = events.next(0.1)
            breaks.unlink(missing_ok=True)
            found += [event] if event else []
            if found:
                break
        assert found == [Ended("id-consumer", "consumer", 3)]


def test_an_engine_that_is_gone_is_said(stream: Path) -> None:
    (stream.parent / "breaks").touch()

    def gone() -> list[Task]:
        raise CrayfishError("the containers cannot be listed: is the daemon running?")

    with (
        ContainerEvents(docker, gone, away_s=0.0) as events,
        pytest.raises(CrayfishError, match="is the daemon running"),
    ):
        events.next(5.0)
