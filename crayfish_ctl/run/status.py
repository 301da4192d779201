"""How far a run is, asked of Prometheus beside the loop that watches the run.

In a thread of its own: an answer that takes seconds must neither hide the death of a container nor
move a fault.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from crayfish_ctl.telemetry import Prometheus

_EVERY_S = 1.0
_SENDING = {"warmup", "settling", "steadying", "measured", "flushing", "draining"}


@dataclass(frozen=True)
class Status:
    """What was known at the last answer."""

    phase: str = "starting"
    figures: str = ""
    """Rate, percentiles and backlog, to be read by people."""
    measured_start_s: float | None = None
    """When the measured segment began, by the producer's clock, Unix seconds."""


class StatusWatch:
    """Asks once a second; use as a context manager.

    Args:
        prometheus: the server of the stack; only this thread uses it meanwhile.
    """

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True, name="status")
        self.now = Status()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._over.is_set():
            self.now = read_status(self._prometheus)
            self._over.wait(_EVERY_S)


def read_status(prometheus: Prometheus) -> Status:
    """One look; what does not answer is left out."""
    phase = _phase(prometheus)
    start = prometheus.latest("crayfish_producer_measured_start_seconds > 0")
    return Status(
        phase=phase,
        figures=_figures(prometheus) if phase in _SENDING else "",
        measured_start_s=max(start.values(), default=None),
    )


def _phase(prometheus: Prometheus) -> str:
    """The producer's phase; once it has ended, the consumer's."""
    for query in ("crayfish_producer_phase == 1", "crayfish_consumer_phase == 1"):
        phases = prometheus.labels(query, "phase")
        if phases:
            return phases[0]
    return "starting"


def _figures(prometheus: Prometheus) -> str:
    text = ""
    rate = prometheus.latest("sum(rate(crayfish_consumer_received_total[3s]))")
    if rate:
        text += f"  {sum(rate.values()):,.0f} records/s"
    for name, quantile in (("p50", "0.5"), ("p99", "0.99")):
        found = prometheus.latest(f'crayfish_consumer_latency_seconds{{quantile="{quantile}"}}')
        if found:
            text += f"  {name} {1000 * max(found.values()):.1f} ms"
    backlog = prometheus.latest(
        "sum(crayfish_producer_sent_total) - sum(crayfish_consumer_received_total)"
    )
    if backlog:
        text += f"  backlog {max(0, round(sum(backlog.values()))):,}"
    return text
