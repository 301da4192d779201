"""The nodes of the swarm, and the client that reaches each one's engine.

A manager knows the nodes, but nothing that only a node's own engine can tell: which container was
killed for want of memory, what it logged, what it wrote. So every node must be reachable by a
docker context of the user's; which one is which node, its engine says itself.
"""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from python_on_whales import DockerClient

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker.calls import calls_engine, client_command
from crayfish_ctl.targets.docker.machine import Machine

from .placement import ROLE_LABEL, Place, roles_of

_ANSWER_S: Final = 10.0
"""For an engine to say who it is: `ssh` to a host that is switched off waits much longer."""


@dataclass(frozen=True)
class Node:
    """A node that takes tasks."""

    id: str
    name: str
    """Its host name."""
    address: str
    """Where the other nodes reach it."""
    manager: bool
    roles: tuple[str, ...]
    """As its label says; empty without one."""
    cores: float
    memory_bytes: int
    machine: Machine

    @property
    def place(self) -> Place:
        """What placing needs to know of it."""
        return Place(self.id, self.name, self.roles, self.cores, self.manager)


def find_nodes(manager: DockerClient) -> list[Node]:
    """Every node that takes tasks, managers first, then by name.

    Args:
        manager: the client of a manager's engine.

    Raises:
        CrayfishError: if it is no manager's, if a node is down, or if none of the user's contexts
            reaches it.
    """
    with calls_engine("the swarm's nodes cannot be listed"):
        swarm = manager.system.info().swarm
        if swarm is None or swarm.local_node_state != "active" or not swarm.control_available:
            raise CrayfishError(
                "the engine that answers is not a manager of a swarm",
                hint="`docker swarm init` on it, or choose a manager's with `docker context use`",
                code=ExitCode.HOST,
            )
        listed = [node for node in manager.node.list() if node.spec.availability == "active"]
    own = str(swarm.node_id)
    for node in listed:
        if node.status.state != "ready":
            raise CrayfishError(
                f"node {node.description.hostname}: is {node.status.state}",
                hint="start it, or leave it out: `docker node update --availability drain "
                f"{node.description.hostname}`",
                code=ExitCode.HOST,
            )
    contexts = {} if {node.id for node in listed} == {own} else contexts_by_node()
    found = []
    for node in listed:
        name, address = str(node.description.hostname), str(node.status.addr)
        client = manager if node.id == own else contexts.get(node.id)
        if client is None:
            raise CrayfishError(
                f"node {name} ({address}): no docker context reaches its engine",
                hint=f"`docker context create {name} --docker host=ssh://USER@{address}`",
                code=ExitCode.HOST,
            )
        if isinstance(client, str):
            client = DockerClient(context=client)
        resources = node.description.resources
        found.append(
            Node(
                id=node.id,
                name=name,
                address=address,
                manager=node.spec.role == "manager",
                roles=roles_of((node.spec.labels or {}).get(ROLE_LABEL), name),
                cores=(resources.nano_cpus or 0) / 1e9 if resources else 0.0,
                memory_bytes=int(resources.memory_bytes or 0) if resources else 0,
                machine=Machine(client, name),
            )
        )
    return sorted(found, key=lambda node: (not node.manager, node.name))


def contexts_by_node() -> dict[str, str]:
    """The user's docker contexts, by the swarm's id of the node whose engine answers there.

    Those that answer no node, or nobody at all, are left out.
    """
    with calls_engine("the docker contexts cannot be listed"):
        names = [context.name for context in DockerClient().context.list()]
    with ThreadPoolExecutor(max_workers=16) as asking:
        answers = asking.map(_node_of, names)
    return {node: name for name, node in zip(names, answers, strict=True) if node}


def _node_of(context: str) -> str:
    command = [
        *client_command(DockerClient()),
        "--context",
        context,
        "info",
        "--format",
        "{{.Swarm.NodeID}}",
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_ANSWER_S
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
