"""The clocks of other hosts, asked over the network."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from crayfish_cgroup_exporter import __main__ as exporter
from crayfish_cgroup_exporter import probe
from crayfish_cgroup_exporter.clocks import Clock, Responder, ask, peers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def responder() -> Iterator[Responder]:
    made = Responder("b", 0)
    yield made
    made.close()


def test_the_own_clock_is_ahead_by_nothing(responder: Responder) -> None:
    found = ask("127.0.0.1", responder.port)
    assert found is not None
    assert found.node == "b"
    assert 0 < found.round_trip_s < 0.1
    assert abs(found.offset_s) <= found.round_trip_s / 2


def test_a_clock_that_is_ahead_is_found_out(
    responder: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = threading.current_thread()
    real = time.time_ns

    def now() -> int:
        return real() + (0 if threading.current_thread() is asking else 3_000_000_000)

    monkeypatch.setattr(time, "time_ns", now)
    found = ask("127.0.0.1", responder.port)
    assert found is not None
    assert found.offset_s == pytest.approx(3.0, abs=0.05)


def test_nobody_there_has_no_clock() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert ask("127.0.0.1", silent.getsockname()[1]) is None
    assert peers("no-such-host.invalid") == []


def test_prometheus_gets_an_offset_for_each_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "peers", lambda _: ["10.0.0.2", "10.0.0.3"])
    answers = {"10.0.0.2": Clock("b", 0.25, 0.001), "10.0.0.3": None}
    monkeypatch.setattr(exporter, "ask", answers.get)
    registry = CollectorRegistry()
    registry.register(exporter.ClockCollector("a", "tasks.x"))
    said = generate_latest(registry).decode()
    assert 'clock_offset_seconds{node="a",of="b"} 0.25' in said
    assert 'clock_round_trip_seconds{node="a",of="b"} 0.001' in said
    assert said.count("clock_offset_seconds{") == 1


def test_packets_and_streams_between_two_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_TCP_PORT", "_ECHO_PORT"):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setattr(probe, name, free.getsockname()[1])
    monkeypatch.setattr(probe, "_STREAM_S", 0.05)
    assert probe.stream_bytes_per_s("127.0.0.1") is None
    for answer in (probe._swallow, probe._echo):
        threading.Thread(target=answer, daemon=True).start()
    end = time.monotonic() + 5
    while (speed := probe.stream_bytes_per_s("127.0.0.1")) is None:
        assert time.monotonic() < end
    assert speed > 1e6
    mtu, largest = probe.packets("127.0.0.1")
    assert mtu == largest


def test_the_kernel_says_whether_its_clock_is_kept() -> None:
    assert probe.synchronised() in {True, False}
