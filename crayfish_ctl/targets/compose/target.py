"""The target `compose`: starts and stops a rendered file on this host's engine."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar, cast

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException, NoSuchContainer

from crayfish_ctl.catalog.labels import IMAGE, OURS, OURS_LABEL
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.base import Given, Task
from crayfish_ctl.targets.calls import calls_engine

from .cpus import limit_in_force
from .events import ContainerEvents
from .lock import break_lock, engine_lock
from .render import PROJECT, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from python_on_whales import Container

    from crayfish_ctl.results import Engine, Image
    from crayfish_ctl.targets.base import Action, Rendered, Stack

T = TypeVar("T")
_SERVICE = "com.docker.compose.service"
_JVMS = """for process in /proc/[0-9]*; do
  case $(readlink "$process/exe") in */java) tr '\\0' '\\n' < "$process/cmdline" ;; esac
done; true"""


class ComposeTarget:
    """One host, `docker compose`; nothing outlives `down`.

    Args:
        engine: what it is, if that is known; otherwise the engine is asked.
    """

    name: Final = "compose"

    def __init__(self, engine: Engine | None = None) -> None:
        self._docker = DockerClient(compose_project_name=PROJECT)
        self._engine = engine
        """Asked once: it does not change while an experiment runs on it."""
        self._jvms: dict[str, list[str]] = {}
        """By container id: asked once, because each question is a process in the container."""

    def lock(
        self,
        *,
        wait: bool = False,
        force: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> AbstractContextManager[None]:
        """The engine's own lock."""
        if force:
            break_lock()
        return engine_lock(wait=wait, say=say)

    def nodes(self) -> Sequence[Engine]:
        """The one engine that answers."""
        from .engine import describe_engine  # noqa: PLC0415  results are slow to load

        if self._engine is None:
            self._engine = describe_engine()
        return (self._engine,)

    def images(self, names: Sequence[str]) -> dict[str, Image]:
        """Ids and sizes of images that are on this host."""
        from .engine import describe_images  # noqa: PLC0415  results are slow to load

        return describe_images(names)

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
            gone = [
                task.id for task in self._read(_describe) if task.service not in rendered.services
            ]
            if gone:
                self._docker.container.remove(gone, force=True, volumes=True)
            self._client(rendered.path).compose.up(list(services) or None, detach=True, quiet=True)

    def stop(self, rendered: Rendered, services: Sequence[str]) -> None:
        """SIGTERM, then wait until they have ended (their grace period at most)."""
        if services:
            with calls_engine(f"{', '.join(services)}: cannot be stopped"):
                self._client(rendered.path).compose.stop(list(services))

    def act(self, task_id: str, action: Action) -> None:
        """Freeze a container's processes, let them go on, SIGKILL, or start it again."""
        with calls_engine(f"container {task_id[:12]}: {action}: cannot be done"):
            getattr(self._docker.container, action)(task_id)

    def down(self) -> None:
        """Remove every container, network and volume that carries our label, and nothing else.

        Killed, not stopped: their data is thrown away, and a stop would wait for each to flush it.

        Raises:
            CrayfishError: if something that is not ours uses the project's network or volume.
        """
        with calls_engine(
            f"the stack of project {PROJECT} cannot be removed",
            hint="remove the containers that use it, then `crayfish down`",
        ):
            containers = self._read(lambda container: container.id)
            if containers:
                self._docker.container.remove(containers, force=True, volumes=True)
            for network in self._docker.network.list(filters=[("label", OURS)]):
                network.remove()
            for volume in self._docker.volume.list(filters=[("label", OURS)]):
                volume.remove()

    def tasks(self) -> list[Task]:
        """Every container of the project, those that ended included."""
        return self._read(_describe)

    def events(self) -> ContainerEvents:
        """The ends of containers, from the engine's event stream."""
        return ContainerEvents(self.tasks)

    def log(
        self, task_id: str, *, since_ns: int | None = None, tail: int | None = None
    ) -> Iterator[bytes]:
        """A container's log, streamed: since a time (Unix ns), or its last lines."""
        since = None if since_ns is None else datetime.fromtimestamp(since_ns / 1e9, tz=UTC)
        with calls_engine(f"container {task_id[:12]}: the log cannot be read"):
            chunks = self._docker.container.logs(task_id, stream=True, since=since, tail=tail)
            for _, chunk in cast("Iterable[tuple[str, bytes]]", chunks):
                yield chunk

    def jvm_arguments(self, task_id: str) -> list[str]:
        """The arguments of every JVM that runs in a container; none if it has ended meanwhile."""
        if task_id not in self._jvms:
            try:
                said = self._docker.container.execute(task_id, ["sh", "-c", _JVMS])
            except DockerException:
                return []
            self._jvms[task_id] = str(said).splitlines()
        return self._jvms[task_id]

    def address(self, service: str, port: int) -> tuple[str, int]:
        """127.0.0.1, and the port there under which a service's port is published.

        Raises:
            CrayfishError: if it is not running.
        """
        for name, ports in self._read(lambda c: (_service(c), c.network_settings.ports or {})):
            bindings = ports.get(f"{port}/tcp") if name == service else None
            if bindings:
                return "127.0.0.1", int(bindings[0]["HostPort"])
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
        with calls_engine(f"image {image}: {' '.join(command[:3])}: failed"):
            return str(
                self._docker.run(
                    image,
                    list(command),
                    entrypoint=entrypoint,
                    networks=[f"{PROJECT}_default" if in_stack else "none"],
                    cpus=cpus,
                    remove=True,
                    pull="never",
                    labels=OURS_LABEL,
                )
            )

    def make(
        self, image: str, command: Sequence[str], given: Given, say: Callable[[str], None]
    ) -> None:
        """Run an image to its end, confined as the services of a stack are."""
        (engine,) = self.nodes()
        with calls_engine(f"image {image}: {' '.join(command[:3])}: failed"):
            said = self._docker.run(
                image,
                list(command),
                networks=["bridge" if given.online else "none"],
                memory=given.memory,
                user=given.user or None,
                volumes=[
                    *((path, place, "ro") for place, path in given.read.items()),
                    *((path, place, "rw") for place, path in given.written.items()),
                ],
                cap_drop=["ALL"],
                security_options=[
                    "no-new-privileges:true",
                    *(["label=disable"] if engine.selinux else []),
                ],
                remove=True,
                pull="never",
                labels=OURS_LABEL,
                stream=True,
            )
            for source, line in said:
                if source == "stdout":
                    say(line.decode(errors="replace").rstrip("\n"))

    def _client(self, compose_file: Path) -> DockerClient:
        return DockerClient(compose_files=[compose_file], compose_project_name=PROJECT)

    def _read(self, read: Callable[[Container], T]) -> list[T]:
        """What is asked of each of our containers, without those that are gone since the list.

        The client asks the engine anew when what it knows is a moment old, so that any look at a
        container may find it gone: no look is left for later.
        """
        found: list[T] = []
        with calls_engine("the containers cannot be read"):
            for container in self._docker.container.list(all=True, filters=[("label", OURS)]):
                with suppress(NoSuchContainer):
                    found.append(read(container))
        return found


def _service(container: Container) -> str:
    return (container.config.labels or {}).get(_SERVICE, "")


def _describe(container: Container) -> Task:
    state, host = container.state, container.host_config
    return Task(
        name=_service(container),
        service=_service(container),
        id=container.id,
        running=bool(state.running),
        exit_code=int(state.exit_code or 0),
        oom_killed=bool(state.oom_killed),
        image=(container.config.labels or {}).get(IMAGE, str(container.config.image)),
        image_id=str(container.image),
        cpus=limit_in_force(host.nano_cpus, host.cpu_quota, host.cpu_period, host.cpuset_cpus),
        memory_bytes=host.memory or None,
    )
