"""The ends of containers on all nodes, as one stream."""

from __future__ import annotations

import queue
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from crayfish_ctl.targets.docker.events import ContainerEvents, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.targets.base import Ended
    from crayfish_ctl.targets.docker.machine import Machine

_AWAY_S: Final = 4.0
"""A node whose engine answers no more for so long is gone. Its containers may go on, but nobody
can say what they do."""


class NodeEvents:
    """Events of every node, in the order in which they arrive here.

    Args:
        machines: of the nodes.
    """

    def __init__(self, machines: Sequence[Machine]) -> None:
        self._queue: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._streams = [
            ContainerEvents(machine.docker, machine.tasks, self._queue, away_s=_AWAY_S)
            for machine in machines
        ]
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as entered:
            for stream in self._streams:
                entered.enter_context(stream)
            self._entered = entered.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._entered.close()

    def next(self, timeout_s: float) -> Ended | None:
        """The next event, or None after `timeout_s` seconds without one.

        Raises:
            CrayfishError: naming the node whose engine does not answer any more.
        """
        try:
            told = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None
        return told.stream.taken(told.ended)
