"""What a target is: where the stacks of an experiment are started, watched and stopped.

Everything about a container is keyed by its task, because a service may have several. What a target
cannot do it refuses by name, with a `CrayfishError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self

from crayfish_ctl.catalog.labels import ROLE, labels_of, role_in
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from crayfish_ctl.catalog.model import CpuLimit
    from crayfish_ctl.results import Engine, Image

UNSEEN_EXIT: Final = 255
"""Of a container whose end nobody saw: whether it ended well, only what it left can say."""
Action = Literal["pause", "unpause", "kill", "start"]


@dataclass(frozen=True)
class Task:
    """A container of the stack as the target sees it now."""

    name: str
    """Unique in the stack; where a service has one task, the service's."""
    service: str
    id: str
    running: bool
    exit_code: int
    oom_killed: bool
    image: str
    """The name under which it was built."""
    image_id: str
    cpus: float | None
    """Cores that it may use; None without a limit."""
    memory_bytes: int | None
    node: str = ""
    """The host that it runs on, where there are several."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A task has ended."""

    task_id: str
    service: str
    exit_code: int


class Events(Protocol):
    """The ends of tasks from the moment of entry on; none is lost."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def next(self, timeout_s: float) -> Ended | None:
        """The next one, or None after `timeout_s` seconds without.

        Raises:
            CrayfishError: if nobody answers any more.
        """


@dataclass(frozen=True)
class Stack:
    """What is to be started: fragments, and what their variables stand for."""

    fragments: Sequence[Path]
    """Compose files, merged in this order."""
    variables: Mapping[str, str]
    image_ids: Mapping[str, str] = field(default_factory=dict)
    """Image name -> id. What is named here is started by its id, so that a build meanwhile cannot
    change what an experiment measures."""
    tools: Sequence[Path] = ()
    """Folders with scorers of other roots; every processor sees them in /crayfish/tools."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Path in a container -> file that every processor sees there, read-only."""
    client_files: Mapping[str, Path] = field(default_factory=dict)
    """Likewise for every client of Kafka: the processors, the producer and the consumer."""
    secrets: Mapping[str, Path] = field(default_factory=dict)
    """Likewise; what is in them must be written down nowhere."""
    broker_secrets: Mapping[str, Path] = field(default_factory=dict)
    """Likewise for every broker, and only for these."""
    cpu_limit: CpuLimit = "quota"
    reads: Sequence[Path] = ()
    """Files and folders that services read of larger folders; where a folder must be carried to
    another host, the rest of it stays."""


@dataclass(frozen=True)
class Given:
    """What a container that makes files has beside its image."""

    read: Mapping[str, Path] = field(default_factory=dict)
    """Folder or file in the container -> of the host, which it cannot change."""
    written: Mapping[str, Path] = field(default_factory=dict)
    """Those in which it leaves what it makes."""
    user: str = ""
    """`uid:gid`; empty: the image's own."""
    memory: str | None = None
    """A limit, as compose writes it."""
    online: bool = False
    """Whether it may reach what lies outside."""
    entrypoint: str | None = None
    """In the place of the image's own."""


@dataclass(frozen=True)
class Rendered:
    """A stack as a target has placed it, and what the controller needs to know of its services."""

    path: Path
    """What is started: a file that a user may start by hand."""
    services: Mapping[str, Mapping[str, Any]]

    def labelled(self, label: str, value: str) -> list[str]:
        """Services whose label has this value, in the file's order."""
        return [
            name
            for name, service in self.services.items()
            if labels_of(service).get(label) == value
        ]

    def roles(self, pipeline: str) -> dict[str, str]:
        """What each service is for, in the words of results."""
        return {name: role_in(service, pipeline) for name, service in self.services.items()}

    @property
    def metrics_server(self) -> tuple[str, int]:
        """The monitor that the controller asks: the one that publishes a port, and that port.

        Raises:
            CrayfishError: if there is none.
        """
        for name in self.labelled(ROLE, "monitor"):
            for port in self.services[name].get("ports", []):
                return name, int(port["target"])
        raise CrayfishError(
            f"{self.path}: no service of role monitor publishes a port: nobody can be asked for "
            "metrics",
            hint="compose/prometheus.yaml has one",
        )


class Target(Protocol):
    """Where stacks run. Every method may raise `CrayfishError`, in the target's own words."""

    @property
    def name(self) -> str:
        """As it is in the register, in `--target` and in results."""

    def lock(
        self,
        *,
        wait: bool = False,
        force: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> AbstractContextManager[None]:
        """One experiment at a time: nobody else builds or measures meanwhile.

        Args:
            wait: for another experiment's end, instead of an error.
            force: take it away from whoever holds it.
            say: told once whom it waits for.
        """

    @property
    def revives(self) -> bool:
        """Whether it can start a task again that has ended."""

    def nodes(self) -> Sequence[Engine]:
        """The machines; the first one is where producer and consumer run."""

    def images(self, names: Sequence[str]) -> dict[str, Image]:
        """Ids and sizes of images that are there; one that is not is an error that names it."""

    def place(self, stack: Stack, folder: Path) -> Rendered:
        """Write into `folder` what `up` starts, with every rule of docs/architecture.md checked."""

    def up(self, rendered: Rendered, services: Sequence[str] = ()) -> None:
        """Start what is not running, make anew what has changed, remove what is not in it.

        Args:
            rendered: the whole stack.
            services: only these; by default all.
        """

    def stop(self, rendered: Rendered, services: Sequence[str]) -> None:
        """SIGTERM, then wait until they have ended (their grace period at most)."""

    def gather(self, rendered: Rendered) -> None:
        """Bring what the services have written so far into the folders of the stack's file."""

    def down(self) -> None:
        """Remove everything that carries our label, and nothing else."""

    def tasks(self) -> list[Task]:
        """Every task of ours, those that ended included."""

    def events(self) -> Events:
        """The ends of tasks."""

    def act(self, task_id: str, action: Action) -> None:
        """Freeze, let go on, SIGKILL, or start again."""

    def kill_processes(self, task_id: str, text: str) -> int:
        """SIGKILL to the processes of a task in whose command line `text` stands; how many."""

    def log(
        self, task_id: str, *, since_ns: int | None = None, tail: int | None = None
    ) -> Iterator[bytes]:
        """A task's log in pieces: since a time (Unix ns), or its last lines."""

    def jvm_arguments(self, task_id: str) -> list[str]:
        """The arguments of every JVM that runs in a task; none if it has ended meanwhile."""

    def address(self, service: str, port: int) -> tuple[str, int]:
        """Host and port under which the controller reaches a service's port."""

    def call(
        self,
        image: str,
        command: Sequence[str],
        *,
        entrypoint: str | None = None,
        cpus: float | None = None,
        in_stack: bool = False,
    ) -> str:
        """Run an image to its end, beside the stack, and return what it says.

        Args:
            image: name or id.
            command: its arguments.
            entrypoint: in the place of the image's own.
            cpus: cores that it may use.
            in_stack: in the stack's network; else without any.
        """

    def make(
        self, image: str, command: Sequence[str], given: Given, say: Callable[[str], None]
    ) -> None:
        """Run an image that makes files to its end.

        Args:
            image: name or id.
            command: its arguments.
            given: folders, and whatever else it needs.
            say: told each line of what it says, at once.
        """
