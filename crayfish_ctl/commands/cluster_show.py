"""The nodes of a swarm as a table, and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_on_whales import DockerClient
from rich.table import Table

from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.targets.docker.calls import calls_engine
from crayfish_ctl.targets.swarm.nodes import find_nodes
from crayfish_ctl.targets.swarm.placement import ROLE_LABEL, roles_of, with_roles

if TYPE_CHECKING:
    from rich.console import Console

_GIB = 2**30


def show_nodes(console: Console) -> None:
    """Every node with what it will run.

    Raises:
        CrayfishError: if no swarm's manager answers, or a node cannot be reached.
    """
    nodes = find_nodes(DockerClient())
    labelled = any(node.roles for node in nodes)
    table = Table(title="swarm")
    for column in ("node", "address", "roles", "from", "cores", "memory"):
        table.add_column(column)
    try:
        places = with_roles([node.place for node in nodes])
    except CrayfishError as error:  # one node alone, and nobody has said that this is wanted
        console.print(error.message, markup=False)
        console.print(error.hint or "", markup=False)
        places = [node.place for node in nodes]
    for node, place in zip(nodes, places, strict=True):
        table.add_row(
            f"{node.name} (manager)" if node.manager else node.name,
            node.address,
            ", ".join(place.roles) or "-",
            "label" if labelled else "their number",
            f"{node.cores:g}",
            f"{node.memory_bytes / _GIB:.1f} GiB",
        )
    console.print(table)


def label_node(name: str, roles: tuple[str, ...]) -> None:
    """Write what a node is for into its label; without roles, take the label away.

    Raises:
        CrayfishError: if there is no such node or role.
    """
    docker = DockerClient()
    given = roles_of(",".join(roles), name)
    with calls_engine("the node's label cannot be written"):
        names = {str(node.description.hostname): node for node in docker.node.list()}
        if name not in names:
            raise CrayfishError(
                f"{name}: no such node",
                hint=f"the swarm has {', '.join(sorted(names))}",
                code=ExitCode.USAGE,
            )
        if given:
            docker.node.update(names[name], labels_add={ROLE_LABEL: ",".join(given)})
        elif ROLE_LABEL in (names[name].spec.labels or {}):
            docker.node.update(names[name], rm_labels=[ROLE_LABEL])
