"""The target `compose`: starts and stops a rendered file on this host's engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from crayfish_ctl.errors import CrayfishError, ExitCode

from .render import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from python_on_whales import Container

_SERVICE = "com.docker.compose.service"
_LOG_TAIL = 20
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
    restarts: int
    image: str
    image_id: str
    cpus: float | None
    memory_bytes: int | None


class ComposeTarget:
    """One host, `docker compose`; nothing outlives `down`."""

    def __init__(self) -> None:
        self._docker = DockerClient(compose_project_name=PROJECT)

    def up(self, compose_file: Path, services: Sequence[str] = ()) -> None:
        """Start what is not running, make anew what the file changed, leave the rest alone.

        Args:
            compose_file: the rendered file.
            services: only these; by default all.

        Raises:
            CrayfishError: with the engine's own words.
        """
        try:
            self._client(compose_file).compose.up(
                list(services) or None, detach=True, remove_orphans=True, quiet=True
            )
        except DockerException as error:
            raise CrayfishError(
                f"{compose_file}: docker compose up failed: {(error.stderr or str(error)).strip()}",
                code=ExitCode.HOST,
            ) from None

    def stop(self, compose_file: Path, services: Sequence[str]) -> None:
        """SIGTERM, then wait until they have ended (their grace period at most)."""
        if services:
            self._client(compose_file).compose.stop(list(services))

    def pause(self, container_id: str) -> None:
        """Freeze a container's processes."""
        self._docker.container.pause(container_id)

    def unpause(self, container_id: str) -> None:
        """Let them go on."""
        self._docker.container.unpause(container_id)

    def kill(self, container_id: str) -> None:
        """SIGKILL."""
        self._docker.container.kill(container_id)

    def start(self, container_id: str) -> None:
        """Start a container that has ended."""
        self._docker.container.start(container_id)

    def down(self) -> None:
        """Remove every container, network and volume of the project, whoever made them.

        Killed, not stopped: their data is thrown away, and a stop would wait for each to flush it.

        Raises:
            CrayfishError: if something that is not ours uses the project's network or volume.
        """
        containers = self._containers()
        project = {"label": f"com.docker.compose.project={PROJECT}"}
        try:
            if containers:
                self._docker.container.remove(containers, force=True, volumes=True)
            for network in self._docker.network.list(filters=project):
                network.remove()
            for volume in self._docker.volume.list(filters=project):
                volume.remove()
        except DockerException as error:
            raise CrayfishError(
                f"the stack of project {PROJECT} cannot be removed: {(error.stderr or '').strip()}",
                hint="remove the containers that use it, then `crayfish down`",
                code=ExitCode.HOST,
            ) from None

    def containers(self) -> list[ServiceContainer]:
        """Every container of the project, those that ended included."""
        return [_describe(container) for container in self._containers()]

    def log_tail(self, container_id: str, lines: int = _LOG_TAIL) -> list[str]:
        """The last lines of a container's log."""
        text = self._docker.container.logs(container_id, tail=lines)
        return [line[:_LOG_LINE] for line in str(text).splitlines() if line.strip()]

    def write_log(self, container_id: str, path: Path, since_ns: int) -> None:
        """A container's log since a time (Unix ns), streamed into a file."""
        since = datetime.fromtimestamp(since_ns / 1e9, tz=UTC)
        chunks = self._docker.container.logs(container_id, stream=True, since=since)
        with path.open("wb") as file:
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
        return self._docker.container.list(
            all=True, filters={"label": f"com.docker.compose.project={PROJECT}"}
        )


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
        restarts=int(container.restart_count or 0),
        image=str(container.config.image),
        image_id=str(container.image),
        cpus=host.nano_cpus / 1e9 if host.nano_cpus else None,
        memory_bytes=host.memory or None,
    )
