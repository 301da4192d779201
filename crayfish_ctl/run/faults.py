"""Faults on purpose: a container is frozen or killed in the middle of a run, and comes back.

What was really done, and when, is written down: the engine takes its time for both. What could not
be done is missing there, and makes the run INVALID (FAULT_NOT_DONE).
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results.happened import FaultFact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.cells import Fault
    from crayfish_ctl.targets import Target, Task

_MAX_NOTICED_LATE_S = 5.0
"""Longer, and the producer's clock is another one than ours: then the notice itself counts."""


@dataclass
class _Away:
    fault: Fault
    task_id: str
    since_ns: int


@dataclass
class FaultInjector:
    """Advances with the loop that watches the run; one poll of it is the precision."""

    faults: tuple[Fault, ...]
    target: Target
    tasks: Mapping[str, Task]
    """By service: a fault hits the first task of one."""
    done: list[FaultFact] = field(default_factory=list)
    measured_since: float | None = None
    """Monotonic seconds."""
    _away: list[_Away] = field(default_factory=list)
    _started: set[int] = field(default_factory=set)
    _kills: Counter[str] = field(default_factory=Counter)

    def begin(self, start_s: float) -> None:
        """The measured segment has begun.

        Args:
            start_s: when, Unix seconds by the producer; it is noticed a little later.
        """
        if self.measured_since is None:
            late = time.time() - start_s
            self.measured_since = time.monotonic() - (late if late < _MAX_NOTICED_LATE_S else 0.0)

    def expected(self, task_id: str) -> bool:
        """Whether a task's end is one that was made here; each kill explains one end."""
        if not self._kills[task_id]:
            return False
        self._kills[task_id] -= 1
        return True

    def advance(self) -> None:
        """Do what is due, and undo what has lasted long enough."""
        if self.measured_since is None:
            return
        gone = time.monotonic() - self.measured_since
        for number, fault in enumerate(self.faults):
            if number not in self._started and gone >= fault.at_seconds:
                self._started.add(number)
                self._hit(fault)
        for away in list(self._away):
            if time.time_ns() - away.since_ns >= (away.fault.seconds or 0.0) * 1e9:
                self._bring_back(away)

    def end(self) -> None:
        """Bring back whatever is still away: the run is over."""
        for away in list(self._away):
            self._bring_back(away)

    def _hit(self, fault: Fault) -> None:
        task_id = self.tasks[fault.service].id
        since = time.time_ns()
        if fault.process is not None:
            self._hit_processes(fault, fault.process, task_id, since)
            return
        try:
            if fault.action == "pause":
                self.target.act(task_id, "pause")
            else:
                self._kills[task_id] += 1  # its end may be told before the call returns
                self.target.act(task_id, "kill")
        except CrayfishError:  # it has just died: its end, which is told next, is not ours
            self._kills[task_id] = 0
            return
        self._away.append(_Away(fault, task_id, since))

    def _hit_processes(self, fault: Fault, text: str, task_id: str, since: int) -> None:
        """They come back by themselves: who has started them sees to it."""
        with suppress(CrayfishError):  # the container has just died, which is told next
            if self.target.kill_processes(task_id, text):
                self.done.append(_fact(fault, since))

    def _bring_back(self, away: _Away) -> None:
        self._away.remove(away)
        try:
            if away.fault.action == "pause":
                self.target.act(away.task_id, "unpause")
            else:
                self.target.act(away.task_id, "start")
        except CrayfishError:  # not brought back: not done as it was asked for
            return
        self.done.append(_fact(away.fault, away.since_ns))


def _fact(fault: Fault, since_ns: int) -> FaultFact:
    return FaultFact(
        service=fault.service,
        action=fault.action,
        started_ns=since_ns,
        ended_ns=time.time_ns(),
    )
