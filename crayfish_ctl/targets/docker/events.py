"""Watches the containers of a stack through the engine's event stream."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from crayfish_ctl.catalog.labels import OURS, SERVICE
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.base import UNSEEN_EXIT, Ended

from .calls import client_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from python_on_whales import DockerClient

    from crayfish_ctl.targets.base import Task

_ENGINE_AWAY_S: Final = 10.0
"""An engine that is restarted answers again within this time, or it is gone."""

_LOOK_AGAIN_S: Final = 0.5


def parse_event(event: Mapping[str, Any]) -> Ended:
    """An event `die` of the engine; a container of no stack has no service."""
    attributes = event["Actor"]["Attributes"]
    return Ended(
        task_id=event["Actor"]["ID"],
        service=attributes.get(SERVICE, ""),
        exit_code=int(attributes.get("exitCode", 0)),
    )


@dataclass(frozen=True)
class Told:
    """What a stream has to say: an end, or that it broke."""

    stream: ContainerEvents
    ended: Ended | None


class ContainerEvents:
    """A queue of `Ended`, fed by a thread that reads `docker events`.

    The command, and not a second client library: it finds the engine as every other call does
    (context, host, certificates). Use as a context manager; events from the moment of entry are
    kept, and those that a broken stream has swallowed are found by looking at the containers.

    Args:
        docker: the engine's client.
        tasks: what there is, asked when the stream had broken.
        told: the queue, if several engines share one.
        away_s: seconds after which an engine that does not answer is gone.
    """

    def __init__(
        self,
        docker: DockerClient,
        tasks: Callable[[], list[Task]],
        told: queue.SimpleQueue[Told] | None = None,
        *,
        away_s: float = _ENGINE_AWAY_S,
    ) -> None:
        self._docker = docker
        self._tasks = tasks
        self._queue: queue.SimpleQueue[Told] = queue.SimpleQueue() if told is None else told
        self._away_s = away_s
        self._told: set[str] = set()
        self._stream: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def next(self, timeout_s: float) -> Ended | None:
        """The next event, or None after `timeout_s` seconds without one.

        Raises:
            CrayfishError: if the stream broke and the engine does not answer any more.
        """
        try:
            told = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None
        return self.taken(told.ended)

    def taken(self, ended: Ended | None) -> Ended | None:
        """What came out of the queue for this stream; one that broke is opened again.

        Raises:
            CrayfishError: if the engine does not answer any more.
        """
        if ended is None:
            self._reopen()
        else:
            self._told.add(ended.task_id)
        return ended

    def _open(self) -> None:
        self._stream = subprocess.Popen(
            [
                *client_command(self._docker),
                *("events", "--format", "{{json .}}"),
                *("--filter", "type=container", "--filter", "event=die"),
                *("--filter", f"label={OURS}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for the controller, which then closes this
        )
        self._reader = threading.Thread(
            target=self._read, args=(self._stream,), daemon=True, name="container-events"
        )
        self._reader.start()

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None and self._reader is not None:
            stream.kill()
            stream.wait()
            self._reader.join()

    def _read(self, stream: subprocess.Popen[str]) -> None:
        assert stream.stdout is not None  # noqa: S101  it was opened with a pipe
        with stream.stdout as lines:
            for line in lines:
                self._queue.put(Told(self, parse_event(json.loads(line))))
        if self._stream is stream:  # nobody closed it: the engine did
            self._queue.put(Told(self, None))

    def _reopen(self) -> None:
        self._close()
        containers = self._look()
        self._open()
        for container in (*containers, *self._look()):
            if not container.running and container.id not in self._told:
                self._told.add(container.id)
                # Nobody saw it end: an engine that was killed says 0 of what died with it.
                code = container.exit_code or UNSEEN_EXIT
                self._queue.put(Told(self, Ended(container.id, container.service, code)))

    def _look(self) -> list[Task]:
        return Retrying(
            retry=retry_if_exception_type(CrayfishError),
            stop=stop_after_delay(self._away_s),
            wait=wait_fixed(_LOOK_AGAIN_S),
            reraise=True,
        )(self._tasks)
