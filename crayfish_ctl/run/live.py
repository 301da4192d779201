"""What the user sees while runs go on: a live line in a terminal, a plain log elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crayfish_ctl.plan import estimate_seconds

if TYPE_CHECKING:
    from rich.console import Console

    from crayfish_ctl.plan import Plan, RunSpec
    from crayfish_ctl.results import RunResult

    from .status import Status

_EVERY_S = 1.0
_LOG_EVERY_S = 10.0
"""Without a terminal: a line at least this often."""


class LiveView:
    """Progress of an experiment; use as a context manager.

    Args:
        console: where to show it.
        plan: for what is expected; there may be more runs or fewer.
        done: runs that were complete before.
    """

    def __init__(self, console: Console, plan: Plan, done: int = 0) -> None:
        self._console = console
        self._expected_runs = len(plan.runs)
        self._last = 0.0
        self._logged = 0.0
        self._phase = "starting"
        self._started = 0.0
        self._expected_s = 0.0
        self._left_s = sum(estimate_seconds(run) for run in plan.runs[done:])
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            TextColumn("{task.fields[status]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._done_s = 0.0
        self._task = self._progress.add_task("", total=max(self._left_s, 1.0), status="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, spec: RunSpec, expected_s: float) -> None:
        """A run starts."""
        self._started, self._expected_s, self._phase = time.monotonic(), expected_s, "starting"
        self._logged = self._started
        of = max(self._expected_runs, spec.index + 1)
        # A title is the user's text, and brackets in it are no markup.
        text = escape(f"run {spec.index + 1}/{of} {spec.cell.system} {spec.cell.workload}")
        self._progress.update(self._task, description=text, status="starting")
        if not self._console.is_terminal:
            left = f", about {self._left_s / 60:.0f} min left in all" if self._left_s > 0 else ""
            self._console.print(f"{text}: expected {expected_s:.0f} s{left}", highlight=False)

    def update(self, status: Status) -> None:
        """Show how far the run is, at most once a second.

        Args:
            status: as it was last known.
        """
        now = time.monotonic()
        if now - self._last < _EVERY_S:
            return
        self._last = now
        gone = min(now - self._started, self._expected_s)
        text = status.phase + status.figures
        left = max(self._left_s - gone, 0.0)
        self._progress.update(
            self._task,
            completed=self._done_s + gone,
            status=f"{text}  about {left / 60:.0f} min left",
        )
        due = status.phase != self._phase or now - self._logged >= _LOG_EVERY_S
        if not self._console.is_terminal and due:
            self._console.print(f"  {now - self._started:5.1f} s  {text}", highlight=False)
            self._logged = now
        self._phase = status.phase

    def end(self, result: RunResult) -> None:
        """A run has ended."""
        self._done_s += self._expected_s
        self._left_s -= self._expected_s
        seconds = time.monotonic() - self._started
        verdict = result.verdict
        style = {"VALID": "green", "INVALID": "yellow", "FAILED": "red"}[verdict.state]
        self._console.print(
            f"[{style}]{verdict.state:7}[/] {escape(result.run_id)}: "
            f"{_key_figure(result)}{seconds:.0f} s",
            highlight=False,
        )
        for reason in verdict.reasons:
            self._print(f"{reason.code}: {reason.message}")
        if verdict.failure:
            self._print(f"{verdict.failure.component} {verdict.failure.message}")
            for line in verdict.failure.log_tail[-5:]:
                self._print(f"| {line}")

    def _print(self, line: str) -> None:
        self._console.print(f"        {line}", markup=False, highlight=False)


def _key_figure(result: RunResult) -> str:
    capacity = result.throughput.capacity if result.throughput else None
    if capacity is not None:
        return f"capacity {capacity.records_per_s:,.0f} records/s, "
    return f"p99 {result.latency_ms.p99:.2f} ms, " if result.latency_ms else ""
