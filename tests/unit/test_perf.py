"""The comparison of both producers: what they print becomes rates, in turn and on equal terms."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.perf import PerfResult, PerfSettings, measure, show
from crayfish_ctl.targets import MemoryTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
SETTINGS = PerfSettings(records=1000, record_bytes=3200, rounds=2, rate=300.0, seconds=2.0)
KAFKAS = """\
WARN something of 5 records
25001 records sent, 5000.2 records/sec (15.26 MB/sec), 812.1 ms avg latency, 1301.0 ms max latency.
50000 records sent, 9803.921569 records/sec (29.92 MB/sec), 900.11 ms avg latency, 1500.00 ms max \
latency, 950 ms 50th, 1400 ms 95th, 1490 ms 99th, 1499 ms 99.9th.
"""
OURS = (
    'some log line\n{"records_per_s": 19607.5, "sent_records_per_s": 300.0, "cpu_seconds": 1.0, '
    '"schedule_lag_ms": {"p50": 0.012, "p99": 0.5, "max": 3.0}}\n'
)


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    """Round by round: the machine drifts, and drifts for both."""
    assert PerfResult([10.0, 20.0, 120.0], [10.0, 10.0, 30.0], {}).ratio == 2.0


class Containers(MemoryTarget):
    """Remembers what was run, and says what it prints."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[tuple[str, list[str], float | None]] = []
        self.answers = {"crayfish/producer:latest": OURS, "crayfish/kafka:latest": KAFKAS}

    def call(
        self,
        image: str,
        command: Sequence[str],
        *,
        entrypoint: str | None = None,
        cpus: float | None = None,
        in_stack: bool = False,
    ) -> str:
        assert in_stack
        name = image.removeprefix("crayfish/").removesuffix(":latest")
        self.started.append((name, list(command), cpus))
        return super().call(image, command, entrypoint=entrypoint)


@pytest.fixture
def engine() -> Containers:
    return Containers()


def measured(engine: Containers) -> PerfResult:
    profile = load_catalog(ROOT).profile("laptop")
    return measure(ROOT, profile, SETTINGS, engine, Console(file=StringIO()))


def test_the_last_line_of_each_is_its_result(engine: Containers) -> None:
    result = measured(engine)
    assert result.ours == [19607.5, 19607.5]
    assert result.kafkas == [9803.921569, 9803.921569]
    assert result.ratio == pytest.approx(19607.5 / 9803.921569)
    assert result.paced["cpu_seconds"] == 1.0


def test_both_go_in_turn_after_the_paced_run_and_the_broker_is_removed(engine: Containers) -> None:
    measured(engine)
    assert [name for name, _, _ in engine.started] == [
        "producer", "producer", "kafka", "producer", "kafka",
    ]  # fmt: skip
    assert [call for call in engine.calls if call[0] != "call"] == [("up",), ("down",)]


def test_both_have_the_same_terms(engine: Containers) -> None:
    measured(engine)
    _, ours, kafkas, *_ = engine.started

    def flag(command: list[str], name: str) -> str:
        return command[command.index(name) + 1]

    def prop(name: str) -> str:
        (found,) = [word for word in kafkas[1] if word.startswith(f"{name}=")]
        return found.removeprefix(f"{name}=")

    assert flag(ours[1], "--topic") == flag(kafkas[1], "--topic")
    assert flag(ours[1], "--records") == flag(kafkas[1], "--num-records") == "1000"
    assert flag(ours[1], "--record-bytes") == flag(kafkas[1], "--record-size") == "3200"
    assert flag(kafkas[1], "--throughput") == "-1"
    assert flag(ours[1], "--acks") == prop("acks")
    assert flag(ours[1], "--batch-bytes") == prop("batch.size")
    assert flag(ours[1], "--linger-ms") == prop("linger.ms")
    assert flag(ours[1], "--compression") == prop("compression.type")
    assert ours[2] == kafkas[2] == 1.0


def test_the_paced_run_keeps_the_rate_that_was_asked_for(engine: Containers) -> None:
    measured(engine)
    _, command, _ = engine.started[0]
    assert command[-4:] == ["--rate", "300.0", "--seconds", "2.0"]


def test_a_tool_that_prints_no_rate_is_an_error_and_the_broker_is_removed(
    engine: Containers,
) -> None:
    engine.answers["crayfish/kafka:latest"] = "Exception in thread main"
    with pytest.raises(CrayfishError, match="Exception in thread main") as caught:
        measured(engine)
    assert caught.value.exit_code is ExitCode.RUN_FAILED
    assert [call for call in engine.calls if call[0] != "call"] == [("up",), ("down",)]


def test_the_table_has_both_and_the_ratio() -> None:
    text = StringIO()
    result = PerfResult(
        [100.0, 300.0, 200.0],
        [100.0, 100.0, 100.0],
        {
            "sent_records_per_s": 299.6,
            "cpu_seconds": 1.0,
            "schedule_lag_ms": {"p50": 0.0125, "p99": 0.5, "max": 3.04},
        },
    )
    show(result, SETTINGS, Console(file=text, width=160))
    assert "ratio, median of rounds: 2.00" in text.getvalue()
    assert "300 records/s, schedule lag p50 0.013, p99 0.500, max 3.0 ms, 0.50 cores" in (
        text.getvalue()
    )
