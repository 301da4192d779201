"""How far a run is, asked beside the loop that watches it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

from crayfish_ctl.run.status import Status, StatusWatch, read_status

if TYPE_CHECKING:
    from crayfish_ctl.telemetry import Prometheus


class Server:
    """Answers some queries by a part of their text."""

    def __init__(self, phase: dict[str, str], values: dict[str, float]) -> None:
        self.phase, self.values = phase, values

    def labels(self, query: str, label: str) -> list[str]:
        return [phase for part, phase in self.phase.items() if part in query]

    def latest(self, query: str) -> dict[str, float]:
        return {part: value for part, value in self.values.items() if part in query}


def status(phase: dict[str, str], values: dict[str, float] | None = None) -> Status:
    return read_status(cast("Prometheus", Server(phase, values or {})))


def test_nothing_is_known_before_anybody_answers() -> None:
    assert status({}) == Status()


def test_the_producers_phase_comes_before_the_consumers() -> None:
    both = {"producer_phase": "warmup", "consumer_phase": "receiving"}
    assert status(both).phase == "warmup"
    assert status({"consumer_phase": "draining"}).phase == "draining"


def test_figures_are_shown_while_records_go() -> None:
    values = {"received_total[3s]": 500.0, 'quantile="0.99"': 0.0042, "measured_start": 17.5}
    shown = status({"producer_phase": "measured"}, values)
    assert shown.figures == "  500 records/s  p99 4.2 ms"
    assert shown.measured_start_s == 17.5
    assert status({"producer_phase": "canary"}, values).figures == ""


def test_a_server_that_does_not_answer_holds_nobody_up() -> None:
    """The loop that watches the containers reads what was known last."""
    asked, answer = threading.Event(), threading.Event()

    class Slow(Server):
        def labels(self, query: str, label: str) -> list[str]:
            asked.set()
            answer.wait()
            return []

    with StatusWatch(cast("Prometheus", Slow({}, {}))) as watch:
        assert asked.wait(5)
        assert watch.now == Status()
        answer.set()
