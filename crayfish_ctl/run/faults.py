"""Faults on purpose: a container is frozen or killed in the middle of a run, and comes back.

What was really done, and when, is written down: the engine takes its time for both.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crayfish_ctl.results.model import FaultFact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.catalog.experiment import Fault
    from crayfish_ctl.stack import ComposeTarget, ServiceContainer


@dataclass
class _Away:
    fault: Fault
    container_id: str
    since_ns: int


@dataclass
class FaultInjector:
    """Advances with the loop that watches the run; one poll of it is the precision."""

    faults: tuple[Fault, ...]
    target: ComposeTarget
    containers: Mapping[str, ServiceContainer]
    """By service."""
    done: list[FaultFact] = field(default_factory=list)
    measured_since: float | None = None
    """Monotonic seconds."""
    _away: list[_Away] = field(default_factory=list)
    _started: set[int] = field(default_factory=set)

    def begin(self) -> None:
        """The measured segment has begun."""
        if self.measured_since is None:
            self.measured_since = time.monotonic()

    def hit(self, container_id: str) -> bool:
        """Whether it was killed here, so that its end is no failure."""
        return any(
            self.containers[fault.service].id == container_id
            for number, fault in enumerate(self.faults)
            if fault.action == "kill" and number in self._started
        )

    def advance(self) -> None:
        """Do what is due, and undo what has lasted long enough."""
        if self.measured_since is None:
            return
        gone = time.monotonic() - self.measured_since
        for number, fault in enumerate(self.faults):
            if number not in self._started and gone >= fault.at_seconds:
                self._started.add(number)
                container_id = self.containers[fault.service].id
                since = time.time_ns()
                if fault.action == "pause":
                    self.target.pause(container_id)
                else:
                    self.target.kill(container_id)
                self._away.append(_Away(fault, container_id, since))
        for away in list(self._away):
            if time.time_ns() - away.since_ns >= away.fault.seconds * 1e9:
                self._bring_back(away)

    def end(self) -> None:
        """Bring back whatever is still away: the run is over."""
        for away in list(self._away):
            self._bring_back(away)

    def _bring_back(self, away: _Away) -> None:
        self._away.remove(away)
        if away.fault.action == "pause":
            self.target.unpause(away.container_id)
        else:
            self.target.start(away.container_id)
        self.done.append(
            FaultFact(
                service=away.fault.service,
                action=away.fault.action,
                started_ns=away.since_ns,
                ended_ns=time.time_ns(),
            )
        )
