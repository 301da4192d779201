"""The target `compose`: starts and stops a rendered file on this host's engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from python_on_whales import DockerClient

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker.calls import calls_engine
from crayfish_ctl.targets.docker.lock import break_lock, engine_lock
from crayfish_ctl.targets.docker.machine import Machine, host_port, service_of

from .render import PROJECT, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from crayfish_ctl.results import Engine, Image
    from crayfish_ctl.targets.base import Action, Given, Rendered, Stack, Task
    from crayfish_ctl.targets.docker.events import ContainerEvents


class ComposeTarget:
    """One host, `docker compose`; nothing outlives `down`.

    Args:
        engine: what it is, if that is known; otherwise the engine is asked.
    """

    name: Final = "compose"
    revives: Final = True

    def __init__(self, engine: Engine | None = None) -> None:
        self._machine = Machine(DockerClient(compose_project_name=PROJECT))
        self._engine = engine
        """Asked once: it does not change while an experiment runs on it."""

    def lock(
        self,
        *,
        wait: bool = False,
        force: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> AbstractContextManager[None]:
        """The engine's own lock."""
        if force:
            break_lock(self._machine.docker)
        return engine_lock(self._machine.docker, wait=wait, say=say)

    def nodes(self) -> Sequence[Engine]:
        """The one engine that answers."""
        from crayfish_ctl.targets.docker.engine import describe_engine  # noqa: PLC0415  slow

        if self._engine is None:
            self._engine = describe_engine(self._machine.docker)
        return (self._engine,)

    def images(self, names: Sequence[str]) -> dict[str, Image]:
        """Ids and sizes of images that are on this host."""
        from crayfish_ctl.targets.docker.engine import describe_images  # noqa: PLC0415  slow

        return describe_images(self._machine.docker, names)

    def place(self, stack: Stack, folder: Path) -> Rendered:
        """`folder`/compose.yaml, resolved by compose itself and checked."""
        (engine,) = self.nodes()
        return render(stack, folder, confined=engine.selinux, cores=engine.cores or 1)

    def up(self, rendered: Rendered, services: Sequence[str] = ()) -> None:
        """Start what is not running, make anew what the file changed, remove what it lacks.

        Args:
            rendered: the stack; containers of ours that are not in it are removed.
            services: only these; by default all.

        Raises:
            CrayfishError: with the engine's own words.
        """
        with calls_engine(f"{rendered.path}: docker compose up failed"):
            self._machine.remove(
                [task.id for task in self.tasks() if task.service not in rendered.services]
            )
            self._client(rendered.path).compose.up(list(services) or None, detach=True, quiet=True)

    def stop(self, rendered: Rendered, services: Sequence[str]) -> None:
        """SIGTERM, then wait until they have ended (their grace period at most)."""
        if services:
            with calls_engine(f"{', '.join(services)}: cannot be stopped"):
                self._client(rendered.path).compose.stop(list(services))

    def gather(self, rendered: Rendered) -> None:
        """Nothing is elsewhere: the services write into the run's folder itself."""

    def down(self) -> None:
        """Remove every container, network and volume that carries our label, and nothing else.

        Raises:
            CrayfishError: if something that is not ours uses the project's network or volume.
        """
        with calls_engine(
            f"the stack of project {PROJECT} cannot be removed",
            hint="remove the containers that use it, then `crayfish down`",
        ):
            self._machine.clear()

    def tasks(self) -> list[Task]:
        """Every container of the project, those that ended included."""
        return self._machine.tasks()

    def events(self) -> ContainerEvents:
        """The ends of containers, from the engine's event stream."""
        return self._machine.events()

    def act(self, task_id: str, action: Action) -> None:
        """Freeze a container's processes, let them go on, SIGKILL, or start it again."""
        self._machine.act(task_id, action)

    def kill_processes(self, task_id: str, text: str) -> int:
        """SIGKILL to the processes of a container in whose command line `text` stands."""
        return self._machine.kill_processes(task_id, text)

    def log(
        self, task_id: str, *, since_ns: int | None = None, tail: int | None = None
    ) -> Iterator[bytes]:
        """A container's log, streamed: since a time (Unix ns), or its last lines."""
        return self._machine.log(task_id, since_ns=since_ns, tail=tail)

    def jvm_arguments(self, task_id: str) -> list[str]:
        """The arguments of every JVM that runs in a container; none if it has ended meanwhile."""
        return self._machine.jvm_arguments(task_id)

    def address(self, service: str, port: int) -> tuple[str, int]:
        """127.0.0.1, and the port there under which a service's port is published.

        Raises:
            CrayfishError: if it is not running.
        """
        for name, found in self._machine.read(lambda c: (service_of(c), host_port(c, port))):
            if name == service and found is not None:
                return "127.0.0.1", found
        raise CrayfishError(f"{service}: port {port} is not published", code=ExitCode.HOST)

    def call(
        self,
        image: str,
        command: Sequence[str],
        *,
        entrypoint: str | None = None,
        cpus: float | None = None,
        in_stack: bool = False,
    ) -> str:
        """Run an image to its end and return what it says."""
        network = f"{PROJECT}_default" if in_stack else "none"
        return self._machine.call(image, command, entrypoint=entrypoint, cpus=cpus, network=network)

    def make(
        self, image: str, command: Sequence[str], given: Given, say: Callable[[str], None]
    ) -> None:
        """Run an image to its end, confined as the services of a stack are."""
        (engine,) = self.nodes()
        self._machine.make(image, command, given, say, confined=engine.selinux)

    def _client(self, compose_file: Path) -> DockerClient:
        return DockerClient(compose_files=[compose_file], compose_project_name=PROJECT)
