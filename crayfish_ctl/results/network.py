"""The network between the nodes of a cluster, as `crayfish cluster doctor` found it."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads the annotation at run time

from pydantic import Field

from .frozen import Frozen


class Link(Frozen):
    """From one node to another, over one network."""

    network: str
    """`overlay`, as the services of a stack, or `host`."""
    start: str
    end: str
    offset_ms: float | None = None
    """By how much the clock at the end is ahead."""
    round_trip_ms: float | None = None
    """Of the quickest exchange; None: nothing came back."""
    mtu_bytes: int | None = None
    """What the start sends in one packet."""
    packet_bytes: int | None = None
    """Of the largest packet that passes whole."""
    megabytes_per_s: float | None = None
    """Of one TCP connection."""


class Network(Frozen):
    """Between each pair of nodes."""

    measured: datetime
    links: tuple[Link, ...]
    clocks_kept: dict[str, bool | None] = Field(default_factory=dict)
    """Of each node, whether somebody keeps its clock; None: its kernel does not say."""
