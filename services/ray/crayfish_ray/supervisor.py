"""Keeps the actors of a run alive: what dies is made anew and goes on from the committed offsets.

All of them together, and not each by itself (`max_restarts`): a source whose sink is a new process
would wait for acknowledgements that nobody will ever send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ray.exceptions import GetTimeoutError, RayError

from crayfish_contract.service import ServiceExit

from .cluster import Actors, ClusterError

if TYPE_CHECKING:
    import logging
    import threading

    from crayfish_contract.runconfig import RunConfig

    from .metrics import ActorsCollector
    from .options import RayOptions

_POLL_S: Final = 0.2
_DRAIN_S: Final = 7.0
"""A drain that takes longer is cut off, so that the container ends within 10 s."""
_RESTARTS: Final = 10


class Supervisor:
    """Makes the actors, watches them, and drains them when `asked` is set."""

    def __init__(
        self,
        config: RunConfig,
        options: RayOptions,
        collector: ActorsCollector,
        asked: threading.Event,
        log: logging.Logger,
    ) -> None:
        self._config, self._options = config, options
        self._collector, self._asked, self._log = collector, asked, log

    def run(self) -> int:
        """Returns the exit code."""
        while not self._asked.is_set():
            actors = Actors(self._config, self._options)
            try:
                if not actors.ready(self._asked.is_set, self._config.deadlines.ready):
                    break
                actors.start()
                self._collector.actors = actors
                self._log.info("running")
                while not self._asked.is_set():
                    actors.ended(_POLL_S)
                return self._drain(actors)
            except ClusterError as error:
                self._log.error(str(error))
                return ServiceExit.UNREACHABLE
            except RayError as error:
                self._collector.actors = None
                if self._collector.restarts == _RESTARTS:
                    self._log.error("gave up after %d restarts: %s", _RESTARTS, error)
                    return ServiceExit.BUG
                self._collector.restarts += 1
                self._log.warning("actors are made anew: %s", error)
            finally:
                actors.kill()
        return ServiceExit.OK

    def _drain(self, actors: Actors) -> int:
        try:
            scored = actors.stop(_DRAIN_S)
        except (GetTimeoutError, RayError) as error:
            self._log.warning("not drained within %.0f s: %s", _DRAIN_S, error)
        else:
            self._log.info("stopped", extra={"fields": {"scored": scored}})
        return ServiceExit.OK
