"""Our containers on one engine: looked at, listened to, acted on, whoever started them."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar, cast

from python_on_whales.components.container.models import ContainerInspectResult
from python_on_whales.exceptions import DockerException

from crayfish_ctl.catalog.labels import IMAGE, OURS, OURS_LABEL, SERVICE
from crayfish_ctl.targets.base import Task

from .calls import calls_engine, client_command
from .cpus import limit_in_force
from .events import ContainerEvents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from python_on_whales import DockerClient

    from crayfish_ctl.targets.base import Action, Given

T = TypeVar("T")
_JVMS = """for process in /proc/[0-9]*; do
  case $(readlink "$process/exe") in */java) tr '\\0' '\\n' < "$process/cmdline" ;; esac
done; true"""
_KILL: Final = """killed=0
for process in /proc/[0-9]*; do
  case $(tr '\\0' ' ' < "$process/cmdline") in
    *"$CRAYFISH_TEXT"*) kill -KILL "${process#/proc/}" && killed=$((killed + 1)) ;;
  esac
done 2>/dev/null
echo $killed"""
"""The text comes as a variable: so it stands in no command line of this script's own."""


class Machine:
    """One engine, and what of ours is on it.

    Args:
        docker: its client.
        node: what it is called, where there are several.
    """

    def __init__(self, docker: DockerClient, node: str = "") -> None:
        self.docker = docker
        self.node = node
        self._jvms: dict[str, list[str]] = {}
        """By container id: asked once, because each question is a process in the container."""

    def read(self, read: Callable[[ContainerInspectResult], T]) -> list[T]:
        """What is asked of each of our containers, without those that are gone since the list.

        Two questions to the engine, however many there are and whatever is asked: to another host
        each one is a connection.
        """
        with calls_engine(f"{self._where}the containers cannot be read"):
            listed = self.docker.container.list(all=True, filters=[("label", OURS)])
            return [read(found) for found in self._inspect([container.id for container in listed])]

    def _inspect(self, ids: Sequence[str]) -> list[ContainerInspectResult]:
        """What the engine knows of containers; of one that it does not know any more, nothing."""
        if not ids:
            return []
        command = [*client_command(self.docker), "container", "inspect", *ids]
        done = subprocess.run(command, capture_output=True, check=False)
        try:
            found = json.loads(done.stdout)
        except ValueError:
            raise DockerException(command, done.returncode, done.stdout, done.stderr) from None
        return [ContainerInspectResult(**each) for each in found]

    def tasks(self) -> list[Task]:
        """Every container of ours, those that ended included."""
        return self.read(self._describe)

    def remove(self, containers: Sequence[str]) -> None:
        """Kill and remove containers, with the volumes that have no name."""
        if containers:
            self.docker.container.remove(list(containers), force=True, volumes=True)

    def clear(self) -> None:
        """Remove every container, network and volume that carries our label, and nothing else.

        Killed, not stopped: their data is thrown away, and a stop would wait for each to flush it.
        """
        self.remove(self.read(lambda container: str(container.id)))
        for network in self.docker.network.list(filters=[("label", OURS)]):
            network.remove()
        for volume in self.docker.volume.list(filters=[("label", OURS)]):
            volume.remove()

    def events(self) -> ContainerEvents:
        """The ends of containers, from the engine's event stream."""
        return ContainerEvents(self.docker, self.tasks)

    def act(self, task_id: str, action: Action) -> None:
        """Freeze a container's processes, let them go on, SIGKILL, or start it again."""
        with calls_engine(f"{self._where}container {task_id[:12]}: {action}: cannot be done"):
            getattr(self.docker.container, action)(task_id)

    def kill_processes(self, task_id: str, text: str) -> int:
        """SIGKILL to the processes of a container in whose command line `text` stands.

        Returns:
            How many there were. The container's first process is none: its kernel spares it.
        """
        with calls_engine(f"{self._where}container {task_id[:12]}: {text}: cannot be killed"):
            said = self.docker.container.execute(
                task_id, ["sh", "-c", _KILL], envs={"CRAYFISH_TEXT": text}
            )
        return int(str(said).strip() or 0)

    def log(
        self, task_id: str, *, since_ns: int | None = None, tail: int | None = None
    ) -> Iterator[bytes]:
        """A container's log, streamed: since a time (Unix ns), or its last lines."""
        since = None if since_ns is None else datetime.fromtimestamp(since_ns / 1e9, tz=UTC)
        with calls_engine(f"{self._where}container {task_id[:12]}: the log cannot be read"):
            chunks = self.docker.container.logs(task_id, stream=True, since=since, tail=tail)
            for _, chunk in cast("Iterable[tuple[str, bytes]]", chunks):
                yield chunk

    def jvm_arguments(self, task_id: str) -> list[str]:
        """The arguments of every JVM that runs in a container; none if it has ended meanwhile."""
        if task_id not in self._jvms:
            try:
                said = self.docker.container.execute(task_id, ["sh", "-c", _JVMS])
            except DockerException:
                return []
            self._jvms[task_id] = str(said).splitlines()
        return self._jvms[task_id]

    def call(
        self,
        image: str,
        command: Sequence[str],
        *,
        entrypoint: str | None = None,
        cpus: float | None = None,
        network: str = "none",
    ) -> str:
        """Run an image to its end and return what it says."""
        with calls_engine(f"{self._where}image {image}: {' '.join(command[:3])}: failed"):
            return str(
                self.docker.run(
                    image,
                    list(command),
                    entrypoint=entrypoint,
                    networks=[network],
                    cpus=cpus,
                    remove=True,
                    pull="never",
                    labels=OURS_LABEL,
                )
            )

    def make(
        self,
        image: str,
        command: Sequence[str],
        given: Given,
        say: Callable[[str], None],
        *,
        confined: bool,
    ) -> None:
        """Run an image that makes files to its end, confined as the services of a stack are.

        Args:
            image: name or id.
            command: its arguments.
            given: folders of the engine's machine, and whatever else it needs.
            say: told each line of what it says.
            confined: the engine runs under SELinux.
        """
        with calls_engine(f"{self._where}image {image}: {' '.join(command[:3])}: failed"):
            said = self.docker.run(
                image,
                list(command),
                entrypoint=given.entrypoint,
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
                    *(["label=disable"] if confined else []),
                ],
                remove=True,
                pull="never",
                labels=OURS_LABEL,
                stream=True,
            )
            for source, line in said:
                if source == "stdout":
                    say(line.decode(errors="replace").rstrip("\n"))

    @property
    def _where(self) -> str:
        return f"node {self.node}: " if self.node else ""

    def _describe(self, container: ContainerInspectResult) -> Task:
        state, host, config = container.state, container.host_config, container.config
        assert state is not None and host is not None and config is not None  # noqa: S101, PT018  of each one
        service = service_of(container)
        return Task(
            name=service,
            service=service,
            id=str(container.id),
            running=bool(state.running),
            exit_code=int(state.exit_code or 0),
            oom_killed=bool(state.oom_killed),
            image=(config.labels or {}).get(IMAGE, str(config.image)),
            image_id=str(container.image),
            cpus=limit_in_force(host.nano_cpus, host.cpu_quota, host.cpu_period, host.cpuset_cpus),
            memory_bytes=host.memory or None,
            node=self.node,
        )


def service_of(container: ContainerInspectResult) -> str:
    """The service of a stack that a container is of; empty for another."""
    labels = container.config.labels if container.config else None
    return (labels or {}).get(SERVICE, "")


def host_port(container: ContainerInspectResult, port: int) -> int | None:
    """The port of its host under which a container's TCP port is reached; None: under none."""
    ports = container.network_settings.ports if container.network_settings else None
    bindings = (ports or {}).get(f"{port}/tcp")
    return int(bindings[0]["HostPort"]) if bindings else None
