"""What the user sees while runs go on: a live line in a terminal, a plain log elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.plan import RunSpec
    from crayfish_ctl.results import RunResult
    from crayfish_ctl.telemetry import Prometheus

_EVERY_S = 1.0


class LiveView:
    """Progress of an experiment; use as a context manager.

    Args:
        console: where to show it.
        total_s: what all runs are expected to take.
    """

    def __init__(self, console: Console, total_s: float, runs: int) -> None:
        self._console = console
        self._runs = runs
        self._last = 0.0
        self._phase = ""
        self._started = 0.0
        self._expected_s = 0.0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            TextColumn("{task.fields[status]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total_s, status="")
        self._done_s = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, spec: RunSpec, expected_s: float) -> None:
        """A run starts."""
        self._started, self._expected_s, self._phase = time.monotonic(), expected_s, ""
        text = f"run {spec.index + 1}/{self._runs} {spec.cell.system} {spec.cell.workload}"
        self._progress.update(self._task, description=text, status="starting")
        if not self._console.is_terminal:
            self._console.print(f"{text}: expected {expected_s:.0f} s", highlight=False)

    def update(self, prometheus: Prometheus) -> None:
        """Ask Prometheus at most once a second, and show what it says."""
        now = time.monotonic()
        if now - self._last < _EVERY_S:
            return
        self._last = now
        gone = min(now - self._started, self._expected_s)
        phase = _phase(prometheus)
        rate = prometheus.latest("sum(rate(crayfish_consumer_received_total[3s]))")
        latency = prometheus.latest('crayfish_consumer_latency_seconds{quantile="0.99"}')
        status = phase
        if phase in {"warmup", "measured", "draining"} and rate:
            status += f"  {sum(rate.values()):,.0f} records/s"
            if latency:
                status += f"  p99 {1000 * max(latency.values()):.1f} ms"
        self._progress.update(self._task, completed=self._done_s + gone, status=status)
        if not self._console.is_terminal and phase != self._phase:
            self._console.print(f"  {now - self._started:5.1f} s  {status}", highlight=False)
        self._phase = phase

    def end(self, result: RunResult) -> None:
        """A run has ended."""
        self._done_s += self._expected_s
        seconds = time.monotonic() - self._started
        verdict = result.verdict
        style = {"VALID": "green", "INVALID": "yellow", "FAILED": "red"}[verdict.state]
        p99 = f"p99 {result.latency_ms.p99:.2f} ms, " if result.latency_ms else ""
        self._console.print(
            f"[{style}]{verdict.state:7}[/] {result.run_id}: {p99}{seconds:.0f} s", highlight=False
        )
        for reason in verdict.reasons:
            self._console.print(f"        {reason.code}: {reason.message}", highlight=False)
        if verdict.failure:
            self._console.print(
                f"        {verdict.failure.component} {verdict.failure.message}", highlight=False
            )
            for line in verdict.failure.log_tail[-5:]:
                self._console.print(f"        | {line}", markup=False, highlight=False)


def _phase(prometheus: Prometheus) -> str:
    """The producer's phase; once it has ended, the consumer's."""
    for query in ("crayfish_producer_phase == 1", "crayfish_consumer_phase == 1"):
        phases = prometheus.labels(query, "phase")
        if phases:
            return phases[0]
    return "starting"
