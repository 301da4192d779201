"""Waiting for what a swarm does in its own time."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker.calls import client_command
from crayfish_ctl.targets.docker.machine import service_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from python_on_whales import DockerClient

    from crayfish_ctl.targets.docker.machine import Machine

_POLL_S: Final = 0.2
_BEGIN_S: Final = 60.0
"""For every task to begin: images and volumes are on the nodes by then."""
_BEGUN: Final = {"running", "paused", "exited", "dead"}


def await_running(
    wanted: Mapping[str, Sequence[Machine]], docker: DockerClient, stack: str
) -> None:
    """Wait until every service has a container that has begun, on each of its nodes.

    Args:
        wanted: the machines of each service.
        docker: the client of a manager.
        stack: the stack's name.

    Raises:
        CrayfishError: with the swarm's reason, if a task was rejected or never begins.
    """
    end = time.monotonic() + _BEGIN_S
    missing = {(name, machine.node) for name, machines in wanted.items() for machine in machines}
    machines = {machine.node: machine for each in wanted.values() for machine in each}
    while True:
        for node in {node for _, node in missing}:
            for service, status in machines[node].read(
                lambda c: (service_of(c), str(c.state.status if c.state else ""))
            ):
                if status in _BEGUN:
                    missing.discard((service, node))
        if not missing:
            return
        trouble = _trouble(docker, stack)
        late = time.monotonic() > end
        for service, (state, why) in trouble.items():
            if state == "Rejected" or (late and service in {name for name, _ in missing}):
                raise CrayfishError(
                    f"service {service}: its task is {state.lower()}: {why or 'without a reason'}",
                    hint=f"`docker stack ps --no-trunc {stack}` on a manager has all of it",
                    code=ExitCode.HOST,
                )
        if late:
            names = ", ".join(sorted(f"{name} on {node}" for name, node in missing))
            raise CrayfishError(
                f"not begun after {_BEGIN_S:.0f} s: {names}",
                hint=f"`docker stack ps --no-trunc {stack}` on a manager says why",
                code=ExitCode.HOST,
            )
        time.sleep(_POLL_S)


def _trouble(docker: DockerClient, stack: str) -> dict[str, tuple[str, str]]:
    """State and reason of the tasks that should run, and do not, by service."""
    done = subprocess.run(
        [
            *client_command(docker),
            *("stack", "ps", "--no-trunc", "--format", "{{json .}}", stack),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {}
    for line in done.stdout.splitlines():
        task = json.loads(line)
        state = str(task["CurrentState"]).split(" ")[0]
        if state not in {"Running", "Complete", "Shutdown"}:
            service = str(task["Name"]).removeprefix(f"{stack}_").split(".")[0]
            found[service] = (state, str(task["Error"]))
    return found


def await_gone(
    machines: Iterable[Machine], there: Callable[[Machine], bool], limit_s: float
) -> None:
    """Wait until no machine has any more what it should let go of.

    Raises:
        CrayfishError: naming the node that still has it.
    """
    end = time.monotonic() + limit_s
    for machine in machines:
        while there(machine):
            if time.monotonic() > end:
                raise CrayfishError(
                    f"node {machine.node}: has not removed its containers after {limit_s:.0f} s",
                    hint=f"`docker ps --all` on {machine.node} shows them",
                    code=ExitCode.HOST,
                )
            time.sleep(_POLL_S)
