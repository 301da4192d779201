"""A target without an engine: it keeps in memory what it is told, for tests and for trying plans.

Tasks run as soon as they are started, and end when `ends` says so.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Self

import yaml

from crayfish_ctl.catalog.labels import IMAGE
from crayfish_ctl.errors import CrayfishError

from .base import Ended, Rendered, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from crayfish_ctl.results import Engine, Image

    from .base import Action, Given, Stack


class MemoryTarget:
    """Remembers what was done in `calls`.

    Args:
        tasks: that are there from the beginning.
    """

    name: Final = "memory"
    revives = True

    def __init__(self, *tasks: Task) -> None:
        self.now: dict[str, Task] = {task.id: task for task in tasks}
        self.calls: list[tuple[str, ...]] = []
        self.queue: deque[Ended] = deque()
        self.logs: dict[str, bytes] = {}
        """By task id."""
        self.jvms: dict[str, list[str]] = {}
        """Arguments of the JVM in a task, by its id."""
        self.answers: dict[str, str] = {}
        """What an image says when it is run, by its name or id."""
        self.makers: dict[str, Callable[[Given, Callable[[str], None]], None]] = {}
        """What an image makes, and says meanwhile, by its name or id; it may raise."""
        self.processes = 1
        """That a command line is found of."""
        self.held = False

    def ends(self, service: str, code: int) -> None:
        """The task of a service ends, and its end is told."""
        self.queue.append(Ended(f"id-{service}", service, code))

    @contextlib.contextmanager
    def _hold(self) -> Iterator[None]:
        if self.held:
            raise CrayfishError("another experiment runs on this target")
        self.held = True
        try:
            yield
        finally:
            self.held = False

    def lock(
        self,
        *,
        wait: bool = False,  # noqa: ARG002  nobody else is there to wait for
        force: bool = False,
        say: Callable[[str], None] | None = None,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Held once at a time."""
        if force:
            self.held = False
        return self._hold()

    def nodes(self) -> Sequence[Engine]:
        """One machine of two cores."""
        from crayfish_ctl.results import Engine  # noqa: PLC0415  slow to load

        return (Engine(version="0", cores=2, memory_bytes=8 << 30),)

    def images(self, names: Sequence[str]) -> dict[str, Image]:
        """Every image is there; its id is made of its name."""
        from crayfish_ctl.results import Image  # noqa: PLC0415  slow to load

        return {name: Image(id=f"sha256:{name}", digest=None, size_bytes=1) for name in names}

    def place(self, stack: Stack, folder: Path) -> Rendered:
        """The fragments' services as they are written, with no variable filled in."""
        services: dict[str, Any] = {}
        for fragment in stack.fragments:
            services |= yaml.safe_load(fragment.read_text())["services"]
        for service in services.values():
            service.setdefault("labels", {})[IMAGE] = service["image"]
        path = folder / "stack.yaml"
        path.write_text(yaml.safe_dump(services))
        return Rendered(path, services)

    def up(self, rendered: Rendered, services: Sequence[str] = ()) -> None:
        """Whatever is named and not there runs from now on."""
        self.calls.append(("up", *services))
        there = {task.service for task in self.now.values()}
        for name in services or rendered.services:
            if name not in there:
                image = str(rendered.services[name].get("image", ""))
                self.now[f"id-{name}"] = made_task(name, image=image)

    def stop(self, rendered: Rendered, services: Sequence[str]) -> None:  # noqa: ARG002
        """They have ended well."""
        self.calls.append(("stop", *services))

    def gather(self, rendered: Rendered) -> None:
        """Nothing is written."""

    def down(self) -> None:
        """Nothing is left."""
        self.calls.append(("down",))
        self.now.clear()

    def tasks(self) -> list[Task]:
        """What there is."""
        return list(self.now.values())

    def events(self) -> MemoryTarget:
        """This very target tells them."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def next(self, timeout_s: float) -> Ended | None:  # noqa: ARG002  nothing comes by waiting
        """The next end."""
        return self.queue.popleft() if self.queue else None

    def act(self, task_id: str, action: Action) -> None:
        """What comes of it is said by `ends`."""
        self.calls.append((action, task_id))

    def kill_processes(self, task_id: str, text: str) -> int:
        """As many as `processes` says."""
        self.calls.append(("kill-process", task_id, text))
        return self.processes

    def log(
        self,
        task_id: str,
        *,
        since_ns: int | None = None,  # noqa: ARG002  nothing is older
        tail: int | None = None,
    ) -> Iterator[bytes]:
        """What was put into `logs`."""
        lines = self.logs.get(task_id, b"").splitlines(keepends=True)
        yield from lines if tail is None else lines[-tail:]

    def jvm_arguments(self, task_id: str) -> list[str]:
        """What was put into `jvms`."""
        return self.jvms.get(task_id, [])

    def address(self, service: str, port: int) -> tuple[str, int]:
        """A port at which nobody answers."""
        if not any(task.service == service for task in self.now.values()):
            raise CrayfishError(f"{service}: port {port} is not published")
        return "127.0.0.1", 1

    def call(
        self,
        image: str,
        command: Sequence[str],
        *,
        entrypoint: str | None = None,  # noqa: ARG002
        cpus: float | None = None,  # noqa: ARG002
        in_stack: bool = False,  # noqa: ARG002
    ) -> str:
        """What was put into `answers`."""
        self.calls.append(("call", image, *command))
        return self.answers.get(image, "")

    def make(
        self, image: str, command: Sequence[str], given: Given, say: Callable[[str], None]
    ) -> None:
        """What was put into `makers`."""
        self.calls.append(("make", image, *command))
        self.makers[image](given, say)


def made_task(service: str, **changes: Any) -> Task:
    """A task that runs; its id is `id-` and its service."""
    facts = {
        "name": service,
        "id": f"id-{service}",
        "running": True,
        "exit_code": 0,
        "oom_killed": False,
        "image": "crayfish/x:latest",
        "image_id": "sha256:1",
        "cpus": 1.0,
        "memory_bytes": 2**30,
    }
    return Task(service=service, **{**facts, **changes})
