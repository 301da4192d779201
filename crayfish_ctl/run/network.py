"""What the doctor found between the nodes of a cluster, for the manifests of what runs there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import read_model, write_model
from crayfish_ctl.results.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crayfish_ctl.results import Engine


def remember(network: Network, nodes: Sequence[Engine], checkout: Path) -> None:
    """Keep it in the checkout's cache."""
    path = _path(nodes, checkout)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_model(path, network)


def remembered(nodes: Sequence[Engine], checkout: Path) -> Network | None:
    """What was found last between these nodes; None if nobody has looked, or it cannot be read."""
    with suppress(CrayfishError, OSError):
        return read_model(_path(nodes, checkout), Network)
    return None


def _path(nodes: Sequence[Engine], checkout: Path) -> Path:
    names = "-".join(sorted(node.node for node in nodes))
    return checkout / ".cache" / "networks" / f"{names}.json"
