"""How busy the hosts were, from what each one's exporter read of its cores and its devices.

Containers' counters do not say it: a host may be busy with what is not ours, and none of them
counts what goes over the network between hosts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from crayfish_ctl.results.nodes import Flow, NodeLink, NodeUse

from .timeline import NS

if TYPE_CHECKING:
    from .usage import Usage

BUSY: Final = "host_cpu_busy_seconds_total"
CORES: Final = "host_cpu_cores"
SPEED: Final = "host_network_speed_bytes"
_NODE: Final = "node"
_DEVICE: Final = "device"
_MEGA: Final = 1e6


@dataclass(frozen=True, slots=True)
class Direction:
    """The counters of one direction of a device."""

    bytes: str
    dropped: str
    errors: str


RECEIVED: Final = Direction(
    "host_network_receive_bytes_total",
    "host_network_receive_drop_total",
    "host_network_receive_errs_total",
)
SENT: Final = Direction(
    "host_network_transmit_bytes_total",
    "host_network_transmit_drop_total",
    "host_network_transmit_errs_total",
)


@dataclass(frozen=True, slots=True)
class _Series:
    """What one exporter said of one thing."""

    metric: str
    labels: dict[str, str] = field(default_factory=dict)


def nodes_of(usage: Usage, start_ns: int, end_ns: int) -> tuple[NodeUse, ...]:
    """Every host of a run, by name.

    Args:
        usage: the metrics of the run.
        start_ns: Unix ns.
        end_ns: Unix ns.

    Returns:
        One without a name if there was only one; none if the exporter did not speak of them.
    """
    names = {labels.get(_NODE) for labels in _labels(usage, BUSY)}
    span = (start_ns, end_ns)
    return tuple(_node(usage, name, span) for name in sorted(names, key=lambda name: name or ""))


def _node(usage: Usage, name: str | None, span: tuple[int, int]) -> NodeUse:
    own = {} if name is None else {_NODE: name}
    cores = _last(usage, _Series(CORES, own), span)
    busy = _Series(BUSY, own)
    devices = {
        labels[_DEVICE]
        for labels in _labels(usage, RECEIVED.bytes)
        if labels.get(_NODE) == name and _DEVICE in labels
    }
    links = (_link(usage, device, own, span) for device in sorted(devices))
    return NodeUse(
        name=name,
        cores=None if cores is None else round(cores),
        mean_busy_share=_share(_mean(usage, busy, span), cores),
        peak_busy_share=_share(_peak(usage, busy, span), cores),
        links=tuple(link for link in links if link is not None),
    )


def _share(used: float | None, of: float | None) -> float | None:
    """At most all: a scrape takes a moment, and its time stamp is that of its beginning."""
    return None if used is None or not of else min(used / of, 1.0)


def _link(
    usage: Usage, device: str, node: dict[str, str], span: tuple[int, int]
) -> NodeLink | None:
    own = {**node, _DEVICE: device}
    speed = _last(usage, _Series(SPEED, own), span)
    received, sent = (_flow(usage, way, own, span, speed) for way in (RECEIVED, SENT))
    if received is None or sent is None:
        return None
    return NodeLink(
        device=device,
        speed_megabytes_per_s=None if speed is None else speed / _MEGA,
        received=received,
        sent=sent,
    )


def _flow(
    usage: Usage, way: Direction, own: dict[str, str], span: tuple[int, int], speed: float | None
) -> Flow | None:
    carried = _Series(way.bytes, own)
    mean, peak = _mean(usage, carried, span), _peak(usage, carried, span)
    if mean is None:
        return None
    dropped, errors = (
        usage.counted(_Series(name, own), *span) for name in (way.dropped, way.errors)
    )
    return Flow(
        mean_megabytes_per_s=mean / _MEGA,
        peak_megabytes_per_s=None if peak is None else peak / _MEGA,
        share=_share(mean, speed),
        dropped=None if dropped is None else round(dropped),
        errors=None if errors is None else round(errors),
    )


def _mean(usage: Usage, series: _Series, span: tuple[int, int]) -> float | None:
    """How fast a counter grew, a second."""
    grown = usage.counted(series, *span)
    seconds = (span[1] - span[0]) / NS
    return None if grown is None or seconds <= 0 else grown / seconds


def _peak(usage: Usage, series: _Series, span: tuple[int, int]) -> float | None:
    """How fast it grew at most from one scrape to the next, of those between which the time was.

    So it is never below the mean, which counts the parts of the first and the last that are in it.
    """
    found = usage.samples(series)
    stamps = found["ts"].to_numpy()
    within = (stamps[1:] > span[0] / NS) & (stamps[:-1] < span[1] / NS)
    if not within.any():
        return None
    steps = np.diff(found["value"].to_numpy()) / np.diff(stamps)
    return float(max(steps[within].max(), 0.0))


def _last(usage: Usage, series: _Series, span: tuple[int, int]) -> float | None:
    within = pl.col("ts").is_between(span[0] / NS, span[1] / NS)
    found = usage.samples(series).filter(within)
    return None if found.is_empty() else float(found["value"][-1])


def _labels(usage: Usage, metric: str) -> list[dict[str, str]]:
    named = usage.metrics.filter(pl.col("name") == metric)
    return [json.loads(labels) for labels in named["labels"].unique().to_list()]
