"""Watches the containers of a stack through the engine's event stream."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import docker

from crayfish_ctl.stack.render import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Ended:
    """A container has ended."""

    container_id: str
    service: str
    exit_code: int


def parse_event(event: Mapping[str, Any]) -> Ended:
    """An event `die` of the engine; a container that compose did not start has no service."""
    attributes = event["Actor"]["Attributes"]
    return Ended(
        container_id=event["Actor"]["ID"],
        service=attributes.get("com.docker.compose.service", ""),
        exit_code=int(attributes.get("exitCode", 0)),
    )


class ContainerEvents:
    """A queue of `Ended`, fed by a thread that reads the engine's events.

    Use as a context manager; events from the moment of entry are kept.
    """

    def __init__(self) -> None:
        self._client = docker.from_env()
        self._queue: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._stream: Any = None

    def __enter__(self) -> Self:
        self._stream = self._client.events(
            decode=True,
            filters={
                "type": "container",
                "event": "die",
                "label": f"com.docker.compose.project={PROJECT}",
            },
        )
        threading.Thread(target=self._read, daemon=True, name="container-events").start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._client.close()

    def _read(self) -> None:
        try:
            for event in self._stream:
                self._queue.put(parse_event(event))
        except Exception:  # noqa: BLE001  the stream was closed under the thread, in one of many ways
            return

    def next(self, timeout_s: float) -> Ended | None:
        """The next event, or None after `timeout_s` seconds without one."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None
