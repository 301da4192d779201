"""The target `compose`: starts and stops a rendered file on this host's engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException, NoSuchContainer

from crayfish_ctl.catalog.labels import IMAGE, OURS
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results.pauses import is_of_a_collector

from .calls import calls_engine
from .cpus import limit_in_force
from .render import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from python_on_whales import Container

    from .render import Rendered

_SERVICE = "com.docker.compose.service"
_LOG_TAIL = 20
_JVMS = """for process in /proc/[0-9]*; do
  case $(readlink "$process/exe") in */java) tr '\\0' '\\n' < "$process/cmdline" ;; esac
done; true"""
_LOG_READ = 500
"""Lines of a log that are looked through for them."""
_LOG_LINE = 600
"""Characters of a line that are shown: a Java client logs its whole configuration in one."""


@dataclass(frozen=True)
class ServiceContainer:
    """A container of the stack as the engine sees it now."""

    service: str
    id: str
    running: bool
    exit_code: int
    oom_killed: bool
    image: str
    """The name under which it was built."""
    image_id: str
    cpus: float | None
    memory_bytes: int | None


class ComposeTarget:
    """One host, `docker compose`; nothing outlives `down`."""

    def __init__(self) -> None:
        self._docker = DockerClient(compose_project_name=PROJECT)
        self._jvms: dict[str, list[str]] = {}
        """By container id: asked once, because each question is a process in the container."""

    def up(self, rendered: Rendered, services: Sequence[str] = ()) -> None:
        """Start what is not running, make anew what the file changed, remove what it lacks.

        Args:
            rendered: the stack; containers of ours that are not in it are removed.
            services: only these; by default all.

        Raises:
            CrayfishError: with the engine's own words.
        """
        with calls_engine(f"{rendered.path}: docker compose up failed"):
            gone = [c for c in self._containers() if _service(c) not in rendered.services]
            if gone:
                self._docker.container.remove(gone, force=True, volumes=True)
            self._client(rendered.path).compose.up(list(services) or None, detach=True, quiet=True)

    def stop(self, compose_file: Path, services: Sequence[str]) -> None:
        """SIGTERM, then wait until they have ended (their grace period at most)."""
        if services:
            with calls_engine(f"{', '.join(services)}: cannot be stopped"):
                self._client(compose_file).compose.stop(list(services))

    def pause(self, container_id: str) -> None:
        """Freeze a container's processes."""
        with calls_engine(f"container {container_id[:12]} cannot be paused"):
            self._docker.container.pause(container_id)

    def unpause(self, container_id: str) -> None:
        """Let them go on."""
        with calls_engine(f"container {container_id[:12]} cannot be unpaused"):
            self._docker.container.unpause(container_id)

    def kill(self, container_id: str) -> None:
        """SIGKILL."""
        with calls_engine(f"container {container_id[:12]} cannot be killed"):
            self._docker.container.kill(container_id)

    def start(self, container_id: str) -> None:
        """Start a container that has ended."""
        with calls_engine(f"container {container_id[:12]} cannot be started"):
            self._docker.container.start(container_id)

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
            containers = self._containers()
            if containers:
                self._docker.container.remove(containers, force=True, volumes=True)
            for network in self._docker.network.list(filters=[("label", OURS)]):
                network.remove()
            for volume in self._docker.volume.list(filters=[("label", OURS)]):
                volume.remove()

    def containers(self) -> list[ServiceContainer]:
        """Every container of the project, those that ended included."""
        return [_describe(container) for container in self._containers()]

    def log_tail(self, container_id: str, lines: int = _LOG_TAIL) -> list[str]:
        """The last lines of a container's log."""
        try:
            text = self._docker.container.logs(container_id, tail=_LOG_READ)
        except DockerException:  # it has been removed: what is being reported is worse
            return []
        said = [line for line in str(text).splitlines() if line.strip()]
        return [line[:_LOG_LINE] for line in said if not is_of_a_collector(line)][-lines:]

    def jvm_arguments(self, container_id: str) -> list[str]:
        """The arguments of every JVM that runs in a container; none if it has ended meanwhile."""
        if container_id not in self._jvms:
            try:
                said = self._docker.container.execute(container_id, ["sh", "-c", _JVMS])
            except DockerException:
                return []
            self._jvms[container_id] = str(said).splitlines()
        return self._jvms[container_id]

    def write_log(self, container_id: str, path: Path, since_ns: int) -> None:
        """A container's log since a time (Unix ns), streamed into a file."""
        since = datetime.fromtimestamp(since_ns / 1e9, tz=UTC)
        with calls_engine(f"{path.name}: the log cannot be read"), path.open("wb") as file:
            chunks = self._docker.container.logs(container_id, stream=True, since=since)
            for _, chunk in cast("Iterable[tuple[str, bytes]]", chunks):
                file.write(chunk)

    def published_port(self, service: str, port: int) -> int:
        """The port on 127.0.0.1 under which a service's port is published.

        Raises:
            CrayfishError: if it is not running.
        """
        for container in self._containers():
            if _service(container) == service:
                bindings = (container.network_settings.ports or {}).get(f"{port}/tcp")
                if bindings:
                    return int(bindings[0]["HostPort"])
        raise CrayfishError(f"{service}: port {port} is not published", code=ExitCode.HOST)

    def _client(self, compose_file: Path) -> DockerClient:
        return DockerClient(compose_files=[compose_file], compose_project_name=PROJECT)

    def _containers(self) -> list[Container]:
        with calls_engine("the containers cannot be listed"):
            found = self._docker.container.list(all=True, filters=[("label", OURS)])
            return [container for container in found if _is_there(container)]


def _is_there(container: Container) -> bool:
    """Read it now, where an engine that went away is a message; it may be gone since the list."""
    try:
        container.reload()  # type: ignore[no-untyped-call]
    except NoSuchContainer:
        return False
    return True


def _service(container: Container) -> str:
    return (container.config.labels or {}).get(_SERVICE, "")


def _describe(container: Container) -> ServiceContainer:
    state, host = container.state, container.host_config
    return ServiceContainer(
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
