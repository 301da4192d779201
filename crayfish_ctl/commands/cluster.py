"""`crayfish cluster`: the nodes of a swarm, what each is for, and if figures can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .console import table_console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from crayfish_ctl.catalog import Catalog, Roots
    from crayfish_ctl.targets import Target


def register(
    app: typer.Typer,
    catalog: Callable[[], Catalog],
    engine: Callable[[Roots, Sequence[str] | None], AbstractContextManager[Target]],
) -> None:
    """Add the command and those below it to the application.

    Args:
        app: the application.
        catalog: called when a command runs.
        engine: gives the target `swarm`, nobody else's meanwhile, with these images; None: all
            are there.
    """
    cluster = typer.Typer(help="A Docker Swarm: its nodes, their roles, its network and clocks.")

    @cluster.callback(invoke_without_command=True)
    def listed(context: typer.Context) -> None:
        """List the nodes and what each one will run."""
        if context.invoked_subcommand is None:
            from .cluster_show import show_nodes  # noqa: PLC0415  slow: only here

            show_nodes(table_console())

    @cluster.command()
    def label(
        node: Annotated[str, typer.Argument(help="its host name")],
        roles: Annotated[
            list[str] | None,
            typer.Argument(help="load, broker, processor, server, monitor; none: take them away"),
        ] = None,
    ) -> None:
        """Say what a node is for; once one node has a label, only labels count."""
        from .cluster_show import label_node, show_nodes  # noqa: PLC0415  slow: only here

        label_node(node, tuple(roles or ()))
        show_nodes(table_console())

    @cluster.command()
    def doctor(
        profile: Annotated[
            str, typer.Option(help="whose limits the nodes are held against")
        ] = "laptop",
        setup: Annotated[
            bool, typer.Option("--setup/--no-setup", help="build the prober's image first")
        ] = True,
    ) -> None:
        """Look at every node, and measure clocks and network between each pair."""
        from .cluster_doctor import examine_cluster  # noqa: PLC0415  slow: only here

        found = catalog()
        with engine(found.roots, ["cgroup-exporter"] if setup else None) as target:
            code = examine_cluster(
                target, found.profile(profile), table_console(), found.roots.checkout
            )
        raise typer.Exit(code)

    app.add_typer(cluster, name="cluster")
