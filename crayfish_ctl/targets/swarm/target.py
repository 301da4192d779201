"""The target `swarm`: the same stacks over the nodes of a Docker Swarm."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import yaml
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from crayfish_ctl.catalog.labels import LIFETIME, OURS
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.base import Rendered
from crayfish_ctl.targets.docker.calls import calls_engine
from crayfish_ctl.targets.docker.lock import break_lock, engine_lock
from crayfish_ctl.targets.docker.machine import host_port, service_of
from crayfish_ctl.targets.docker.resolve import PROJECT, resolve

from .dialect import WRITTEN, translate
from .events import NodeEvents
from .nodes import find_nodes
from .placement import assign, with_roles
from .staging import fetch_folder, fill_volume, open_volume, send_images
from .tasks import await_gone, await_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from crayfish_ctl.results import Engine, Image
    from crayfish_ctl.results.network import Network
    from crayfish_ctl.targets.base import Action, Given, Stack, Task
    from crayfish_ctl.targets.docker.machine import Machine

    from .dialect import Folder, Work
    from .nodes import Node
    from .placement import Place

_PREFIX: Final = f"{PROJECT}_"
"""Of every service's name in the swarm."""
_EMPTY_S: Final = 60.0
"""For a node to let go of what it ran."""
_HEADER: Final = """\
# Start by hand, on a manager: docker stack deploy --resolve-image never -c stack.yaml {project}
# Clean up: docker stack rm {project}
# Each image must be on its node (docker save ID | docker --context NODE load), and each external
# volume be there and filled: `crayfish` does both, and removes the volumes at its end.
"""


class SwarmTarget:
    """Many hosts, `docker stack`; nothing outlives `down`."""

    name: Final = "swarm"
    revives: Final = False  # a container that a swarm has seen end cannot join its network again

    def __init__(self, say: Callable[[str], None]) -> None:
        self._docker = DockerClient()
        self._say = say
        self._known: list[Node] | None = None
        """Asked once: an experiment keeps the nodes that it began with."""
        self._placed: dict[Path, tuple[Work, dict[str, Place], Stack]] = {}
        """By stack file, what the file alone does not say."""
        self._staged: set[tuple[str, str]] = set()
        """Node and volume, or node and image: what is there already."""
        self._where: dict[str, Machine] = {}
        """By task id: a look at every node is slow where each is a connection."""

    def lock(
        self,
        *,
        wait: bool = False,
        force: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> AbstractContextManager[None]:
        """The locks of all engines, always in the same order."""
        return self._locks(wait=wait, force=force, say=say)

    @contextmanager
    def _locks(
        self, *, wait: bool, force: bool, say: Callable[[str], None] | None
    ) -> Iterator[None]:
        with ExitStack() as held:
            for node in sorted(self._nodes(), key=lambda node: node.id):
                if force:
                    break_lock(node.machine.docker)
                held.enter_context(engine_lock(node.machine.docker, wait=wait, say=say))
            yield

    def nodes(self) -> Sequence[Engine]:
        """The engine of each node; the first one has the load generator."""
        from crayfish_ctl.targets.docker.engine import describe_engine  # noqa: PLC0415  slow

        first = self._load_node()
        ordered = sorted(self._nodes(), key=lambda node: node.id != first)
        places = {place.id: place for place in self._places()}
        return [
            describe_engine(node.machine.docker).model_copy(
                update={"node": node.name, "roles": places[node.id].roles}
            )
            for node in ordered
        ]

    def images(self, names: Sequence[str]) -> dict[str, Image]:
        """Ids and sizes of images that are on the manager; the nodes get them from there."""
        from crayfish_ctl.targets.docker.engine import describe_images  # noqa: PLC0415  slow

        return describe_images(self._docker, names)

    def place(self, stack: Stack, folder: Path) -> Rendered:
        """`folder`/stack.yaml, with the node of every service in it."""
        if stack.cpu_limit != "quota":
            raise CrayfishError(
                f"cpu_limit: {stack.cpu_limit}: a swarm keeps a limit by the kernel's quota only",
                hint="leave --cpu-limit out",
                code=ExitCode.USAGE,
            )
        config = resolve(stack, folder)
        assigned = assign(config["services"], self._places())
        hidden = [*stack.secrets.values(), *stack.broker_secrets.values()]
        made, work = translate(config, assigned, hidden)
        path = folder / "stack.yaml"
        header = _HEADER.format(project=PROJECT)
        path.write_text(header + yaml.safe_dump(made, sort_keys=False, width=120))
        self._placed[path] = work, assigned, stack
        return Rendered(path=path, services=made["services"])

    def up(self, rendered: Rendered, services: Sequence[str] = ()) -> None:
        """Bring images and folders to the nodes, deploy, and wait until every task has begun.

        Args:
            rendered: the stack; services that belong to a run that is over are made anew.
            services: only these; by default all.

        Raises:
            CrayfishError: naming a task that was rejected, or that no node can take.
        """
        wanted = list(services) or list(rendered.services)
        work, assigned, stack = self._placed[rendered.path]
        self._remove_old(rendered)
        for name in wanted:
            for node in self._nodes_of(assigned.get(name)):
                self._stage(node, name, rendered, work, stack)
        path = rendered.path
        if services:
            path = path.with_name("stack-first.yaml")
            content = yaml.safe_load(rendered.path.read_text())
            content["services"] = {name: content["services"][name] for name in services}
            path.write_text(yaml.safe_dump(content, sort_keys=False))
        with calls_engine(f"{path}: docker stack deploy failed"):
            self._docker.stack.deploy(PROJECT, path, resolve_image="never")
        await_running(
            {n: [node.machine for node in self._nodes_of(assigned.get(n))] for n in wanted},
            self._docker,
            PROJECT,
        )
        self._give_weights({name: work.weights[name] for name in wanted if name in work.weights})

    def _remove_old(self, rendered: Rendered) -> None:
        """Services of an earlier run, and those that this stack does not have."""
        stack_lived = set(rendered.labelled(LIFETIME, "stack"))
        with calls_engine("the services of the run before cannot be removed"):
            names = [str(service.spec.name) for service in self._docker.service.list()]
            ours = [name for name in names if name.startswith(_PREFIX)]
            old = [name for name in ours if name.removeprefix(_PREFIX) not in stack_lived]
            if not old:
                return
            self._docker.service.remove([*old])
        self._await_removed(old)
        self._remove_results_of_earlier(rendered)

    def _await_removed(self, services: Sequence[str]) -> None:
        gone = {name.removeprefix(_PREFIX) for name in services}
        await_gone(
            self._machines(),
            lambda machine: any(task.service in gone for task in machine.tasks()),
            _EMPTY_S,
        )

    def _remove_results_of_earlier(self, rendered: Rendered) -> None:
        """They have been fetched, and a long experiment would fill the node's disk."""
        work, _, _ = self._placed[rendered.path]
        now = {f.volume for folders in work.folders.values() for f in folders.values()}
        for machine in self._machines():
            with calls_engine(f"node {machine.node}: results of an earlier run"):
                for volume in machine.docker.volume.list(filters=[("label", OURS)]):
                    if volume.name.startswith(WRITTEN) and volume.name not in now:
                        volume.remove()

    def _stage(self, node: Node, name: str, rendered: Rendered, work: Work, stack: Stack) -> None:
        image = str(rendered.services[name]["image"])
        if (node.id, image) not in self._staged:
            ids = {str(service["image"]) for service in rendered.services.values()}
            wanted = sorted(ids & self._images_of(node, rendered))
            send_images(self._docker, node.machine, wanted, self._say)
            self._staged |= {(node.id, each) for each in wanted}
        for folder in work.folders.get(name, {}).values():
            if folder.written:
                below = _below(rendered.path.parent / "out", folder)
                open_volume(node.machine, folder.volume, image, below)
            elif (node.id, folder.volume) not in self._staged:
                self._say(f"node {node.name}: {folder.source.name}/ is copied there, once")
                only = [path for path in stack.reads if path.is_relative_to(folder.source)]
                fill_volume(node.machine, folder.volume, image, folder.source, only)
                self._staged.add((node.id, folder.volume))

    def _images_of(self, node: Node, rendered: Rendered) -> set[str]:
        _, assigned, _ = self._placed[rendered.path]
        return {
            str(service["image"])
            for name, service in rendered.services.items()
            if node in self._nodes_of(assigned.get(name))
        }

    def _give_weights(self, weights: Mapping[str, int]) -> None:
        for machine in self._machines():
            with calls_engine(f"node {machine.node}: CPU weights"):
                for task in machine.tasks():
                    if task.service in weights and task.running:
                        machine.docker.container.update(task.id, cpu_shares=weights[task.service])

    def stop(self, rendered: Rendered, services: Sequence[str]) -> None:
        """SIGTERM by each node's engine, then wait until they have ended.

        Not by the swarm, which would remove the container, and with it how it ended and its log.
        """
        del rendered
        for machine in self._machines():
            with calls_engine(f"node {machine.node}: {', '.join(services)}: cannot be stopped"):
                running = [
                    task.id for task in machine.tasks() if task.service in services and task.running
                ]
                if running:
                    machine.docker.container.stop(running)

    def gather(self, rendered: Rendered) -> None:
        """Fetch what the run's services have written on their nodes."""
        work, _, _ = self._placed[rendered.path]
        out = rendered.path.parent / "out"
        done: set[tuple[str, str]] = set()
        for machine in self._machines():
            for task in machine.tasks():
                for target, folder in work.folders.get(task.service, {}).items():
                    if folder.written and (machine.node, folder.volume) not in done:
                        done.add((machine.node, folder.volume))
                        place = PurePosixPath(target) / _below(out, folder)
                        fetch_folder(machine, task.id, str(place), out)

    def down(self) -> None:
        """Remove the stack, and on every node what carries our label.

        Raises:
            CrayfishError: naming the nodes that could not be cleared.
        """
        with calls_engine("the stack cannot be removed"):
            if any(stack.name == PROJECT for stack in self._docker.stack.list()):
                self._docker.stack.remove(PROJECT)
        left = []
        for machine in self._machines():
            try:
                with calls_engine(f"node {machine.node}"):
                    machine.remove([task.id for task in machine.tasks()])
                    await_gone([machine], lambda each: bool(each.tasks()), _EMPTY_S)
                    for volume in machine.docker.volume.list(filters=[("label", OURS)]):
                        volume.remove()
            except CrayfishError as error:
                left.append(error.message)
        self._staged = {each for each in self._staged if each[1].startswith("sha256:")}
        if left:
            raise CrayfishError(
                f"not cleared: {'; '.join(left)}",
                hint="when the node is back: `crayfish down --target swarm`",
                code=ExitCode.HOST,
            )
        self._await_no_network()

    def _await_no_network(self) -> None:
        end = time.monotonic() + _EMPTY_S
        with calls_engine(f"the networks of the stack {PROJECT} cannot be listed"):
            while networks := self._docker.network.list(filters=[("label", OURS)]):
                for network in networks:  # one of ours that is of no stack, or is going already
                    with suppress(DockerException):
                        network.remove()
                if time.monotonic() > end:
                    raise CrayfishError(
                        f"the network of the stack {PROJECT} is still there",
                        hint="remove the containers that use it, then `crayfish down --target "
                        "swarm`",
                        code=ExitCode.HOST,
                    )
                time.sleep(0.2)

    def tasks(self) -> list[Task]:
        """Every container of ours on every node; one of a service on each node is named by both."""
        found = []
        for machine in self._machines():
            there = machine.tasks()
            self._where |= {task.id: machine for task in there}
            found += there
        count = Counter(task.service for task in found)
        return [
            replace(task, name=f"{task.service}@{task.node}") if count[task.service] > 1 else task
            for task in found
        ]

    def events(self) -> NodeEvents:
        """The ends of containers on every node."""
        return NodeEvents(self._machines())

    def act(self, task_id: str, action: Action) -> None:
        """Freeze a container, let it go on, or SIGKILL.

        Raises:
            CrayfishError: for `start`: a container that a swarm has seen end cannot join its
                network again.
        """
        if action == "start":
            raise CrayfishError(
                "a swarm does not start an ended container again",
                hint="let the fault be pause or kill-process, or use the target compose",
            )
        self._machine_of(task_id).act(task_id, action)

    def kill_processes(self, task_id: str, text: str) -> int:
        """SIGKILL to the processes of a container in whose command line `text` stands."""
        return self._machine_of(task_id).kill_processes(task_id, text)

    def log(
        self, task_id: str, *, since_ns: int | None = None, tail: int | None = None
    ) -> Iterator[bytes]:
        """A container's log, from its node."""
        return self._machine_of(task_id).log(task_id, since_ns=since_ns, tail=tail)

    def jvm_arguments(self, task_id: str) -> list[str]:
        """The arguments of every JVM that runs in a container."""
        return self._machine_of(task_id).jvm_arguments(task_id)

    def address(self, service: str, port: int) -> tuple[str, int]:
        """The node's address, and the port there under which a service's port is published.

        Raises:
            CrayfishError: if it is not running.
        """
        for node in self._nodes():
            for name, found in node.machine.read(lambda c: (service_of(c), host_port(c, port))):
                if name == service and found is not None:
                    return node.address, found
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
        """Run an image on the manager to its end and return what it says."""
        network = f"{PROJECT}_default" if in_stack else "none"
        return self._own().call(image, command, entrypoint=entrypoint, cpus=cpus, network=network)

    def make(
        self, image: str, command: Sequence[str], given: Given, say: Callable[[str], None]
    ) -> None:
        """Run an image on the manager to its end."""
        self._own().make(image, command, given, say, confined=False)

    def measure_network(self, image: str) -> Network:
        """Clocks and network between each pair of nodes, and whether somebody keeps each clock.

        Args:
            image: the exporter's, by its id.
        """
        from .network import measure  # noqa: PLC0415  slow, with the results' library

        return measure(self._docker, self._nodes(), image, self._say)

    def _nodes(self) -> list[Node]:
        if self._known is None:
            self._known = find_nodes(self._docker)
        return self._known

    def _machines(self) -> list[Machine]:
        return [node.machine for node in self._nodes()]

    def _places(self) -> list[Place]:
        return with_roles([node.place for node in self._nodes()])

    def _load_node(self) -> str:
        return next((place.id for place in self._places() if "load" in place.roles), "")

    def _nodes_of(self, place: Place | None) -> list[Node]:
        """The node of a service; all, if it is everywhere."""
        return [node for node in self._nodes() if place is None or node.id == place.id]

    def _own(self) -> Machine:
        return next(node.machine for node in self._nodes() if node.machine.docker is self._docker)

    def _machine_of(self, task_id: str) -> Machine:
        """The machine that has a container."""
        if task_id not in self._where:
            self.tasks()
        if task_id in self._where:
            return self._where[task_id]
        raise CrayfishError(f"container {task_id[:12]}: is on no node", code=ExitCode.HOST)


def _below(out: Path, folder: Folder) -> PurePosixPath:
    """Where a run's results lie in the folder that a service may write into."""
    return PurePosixPath(out.relative_to(folder.source))
