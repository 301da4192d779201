"""Rules about the hosts: was one of them the limit, and not what ran on it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.results.verdict import Reason

from .facts import MAX_BUSY_SHARE, MAX_LINK_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crayfish_ctl.results.nodes import NodeLink, NodeUse

    from .facts import Facts


def node_limit(facts: Facts) -> Reason | None:
    """A host had hardly anything left of its cores or of its link, all through the window.

    On one host all parts share the cores on purpose, and the verdict has rules about those that did
    not get theirs; so cores are looked at where there are several.
    """
    found = [said for node in facts.nodes for said in _limits(node)]
    if not found:
        return None
    return Reason(
        code="NODE_LIMIT",
        message=f"{'; '.join(found)}: the limit may be the machine, and not what ran on it",
    )


def _limits(node: NodeUse) -> Iterator[str]:
    name = "the host" if node.name is None else f"node {node.name}"
    if node.name is not None and (node.mean_busy_share or 0.0) >= MAX_BUSY_SHARE:
        yield f"{name}: its {node.cores} cores were busy {node.mean_busy_share:.1%} of the window"
    for link in node.links:
        if (link.share or 0.0) >= MAX_LINK_SHARE:
            yield f"{name}: its link {link.device} {_carried(link)}"


def _carried(link: NodeLink) -> str:
    received, sent = link.received, link.sent
    way, verb = (
        (received, "received")
        if received.mean_megabytes_per_s >= sent.mean_megabytes_per_s
        else (sent, "sent")
    )
    return (
        f"{verb} {way.mean_megabytes_per_s:.1f} MB/s, {link.share:.0%} of the "
        f"{link.speed_megabytes_per_s:g} that it carries"
    )
