"""Keeps the actors of a run alive: what dies is made anew and goes on from the committed offsets.

All of them together, and not each by itself (Ray's `max_restarts`): a source whose sink is a new
process would wait for acknowledgements that nobody will ever send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from crayfish_contract.service import ServiceExit

from .errors import ActorsError, ClusterError

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable

    from crayfish_contract.runconfig import Deadlines

    from .actors import Progress
    from .metrics import ActorsCollector

_POLL_S: Final = 0.2
_RESTARTS: Final = 10


class Supervised(Protocol):
    """What `cluster.Actors` is for a supervisor."""

    def progress(self) -> list[Progress]:
        """How far it has come."""

    def ready(self, asked: Callable[[], bool], deadline_s: float) -> bool:
        """Wait until all are made."""

    def start(self) -> None:
        """Begin to read."""

    def watch(self, timeout_s: float) -> None:
        """Wait, or raise what ended one."""

    def stop(self, timeout_s: float) -> int:
        """Drain."""

    def kill(self) -> None:
        """End at once."""


class Supervisor:
    """Makes the actors, watches them, and drains them when `asked` is set.

    Args:
        make: makes all actors of the run; raises ActorsError if they can be made again,
            ClusterError if not.
        deadlines: of the run: how long they may take to be ready, also when a lost worker has to
            come back, and how long a drain may take.
        asked: set when the run is over.
        collector: told which actors run.
        log: of the driver.
    """

    def __init__(
        self,
        make: Callable[[], Supervised],
        deadlines: Deadlines,
        asked: threading.Event,
        collector: ActorsCollector,
        log: logging.Logger,
    ) -> None:
        self._make, self._deadlines = make, deadlines
        self._asked, self._collector, self._log = asked, collector, log

    def run(self) -> int:
        """Returns the exit code."""
        while not self._asked.is_set():
            actors: Supervised | None = None
            try:
                actors = self._make()
                if actors.ready(self._asked.is_set, self._deadlines.ready):
                    self._watch(actors)
            except ClusterError as error:
                self._log.error(str(error))
                return ServiceExit.UNREACHABLE
            except ActorsError as error:
                if self._collector.restarts == _RESTARTS:
                    self._log.error("gave up after %d restarts: %s", _RESTARTS, error)
                    return ServiceExit.BUG
                self._collector.restarts += 1
                self._log.warning("all actors are made anew: %s", error)
            finally:
                self._collector.progress = None
                if actors is not None:
                    actors.kill()
        return ServiceExit.OK

    def _watch(self, actors: Supervised) -> None:
        actors.start()
        self._collector.progress = actors.progress
        self._log.info("running")
        while not self._asked.is_set():
            actors.watch(_POLL_S)
        try:
            scored = actors.stop(self._deadlines.stop)
        except ActorsError as error:
            self._log.warning("not drained: %s", error)
        else:
            self._log.info("stopped", extra={"fields": {"scored": scored}})
