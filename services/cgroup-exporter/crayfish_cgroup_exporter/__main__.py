"""Serve /metrics on port 9101.

The host's cgroup file system is mounted at $CRAYFISH_CGROUPS, and of its sysfs what `host` reads at
$CRAYFISH_SYSFS. Where $CRAYFISH_NODE names the host, it is one of several: then the clocks of the
others, found behind the name $CRAYFISH_PEERS, are compared with its own.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from .cgroups import Usage, read_usage
from .clocks import Responder, ask, peers
from .host import Way, busy_seconds, cores, read_devices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.core import Metric

_PORT = 9101
# The names that cAdvisor gave these series, so that known dashboards work.
_SERIES: list[
    tuple[type[CounterMetricFamily | GaugeMetricFamily], str, str, Callable[[Usage], float]]
]
_SERIES = [
    (CounterMetricFamily, "container_cpu_usage_seconds", "CPU time", lambda u: u.cpu_seconds),
    (CounterMetricFamily, "container_cpu_cfs_periods", "Quota periods", lambda u: u.periods),
    (
        CounterMetricFamily,
        "container_cpu_cfs_throttled_periods",
        "Quota periods in which the container was held back",
        lambda u: u.throttled_periods,
    ),
    (
        CounterMetricFamily,
        "container_cpu_cfs_throttled_seconds",
        "Time held back by the quota, summed over its CPUs",
        lambda u: u.throttled_seconds,
    ),
    (
        GaugeMetricFamily,
        "container_memory_working_set_bytes",
        "Memory in use without inactive page cache",
        lambda u: u.memory_bytes,
    ),
    (
        GaugeMetricFamily,
        "container_memory_max_bytes",
        "Largest memory in use since the container started",
        lambda u: u.memory_peak_bytes,
    ),
]
_WAYS: list[tuple[str, str, Callable[[Way], int]]]
_WAYS = [
    ("bytes", "Bytes", lambda way: way.bytes),
    ("packets", "Packets", lambda way: way.packets),
    ("drop", "Packets that were dropped", lambda way: way.dropped),
    ("errs", "Packets with errors", lambda way: way.errors),
]
"""Named as node_exporter's, which begin with `node_` instead."""


class ContainerCollector(Collector):
    """Reads the files when Prometheus asks, and never otherwise."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def collect(self) -> Iterable[Metric]:
        """One family per series, one sample per container."""
        usages = list(read_usage(self._root))
        for kind, name, text, value in _SERIES:
            family = kind(name, text, labels=["id"])
            for usage in usages:
                family.add_metric([usage.container_id], value(usage))
            yield family


class ClockCollector(Collector):
    """Asks the exporters of the other hosts for the time, when Prometheus asks.

    Args:
        node: this host's name.
        name: behind which all exporters are found.
    """

    def __init__(self, node: str, name: str) -> None:
        self._node = node
        self._name = name

    def collect(self) -> Iterable[Metric]:
        """Offset and round trip to each of them."""
        labels = ["node", "of"]
        offset = GaugeMetricFamily(
            "clock_offset_seconds",
            "How far the clock of `of` is ahead",
            labels=labels,
        )
        round_trip = GaugeMetricFamily(
            "clock_round_trip_seconds",
            "Half of it is the uncertainty",
            labels=labels,
        )
        for address in peers(self._name):
            clock = ask(address)
            if clock is not None and clock.node != self._node:
                offset.add_metric([self._node, clock.node], clock.offset_s)
                round_trip.add_metric([self._node, clock.node], clock.round_trip_s)
        yield offset
        yield round_trip


class HostCollector(Collector):
    """What all of the host's cores and its network devices did: ours, and whatever else is there.

    Args:
        node: the host's name; empty if it is the only one.
        sysfs: where the host's is mounted.
        stat: /proc/stat, which is the host's in a container as well.
    """

    def __init__(self, node: str, sysfs: Path, stat: Path = Path("/proc/stat")) -> None:
        self._node = node
        self._sysfs = sysfs
        self._stat = stat

    def collect(self) -> Iterable[Metric]:
        """Busy CPU seconds since its start, how many cores it has, and what each device carried."""
        stat = self._stat.read_text(encoding="ascii")
        busy = CounterMetricFamily("host_cpu_busy_seconds", "All cores", labels=["node"])
        busy.add_metric([self._node], busy_seconds(stat))
        yield busy
        online = GaugeMetricFamily("host_cpu_cores", "That are online", labels=["node"])
        online.add_metric([self._node], cores(stat))
        yield online
        yield from self._network()

    def _network(self) -> Iterable[Metric]:
        devices = read_devices(self._sysfs)
        labels = ["node", "device"]
        for name, text, value in _WAYS:
            received = CounterMetricFamily(f"host_network_receive_{name}", text, labels=labels)
            sent = CounterMetricFamily(f"host_network_transmit_{name}", text, labels=labels)
            for device in devices:
                received.add_metric([self._node, device.name], value(device.received))
                sent.add_metric([self._node, device.name], value(device.sent))
            yield received
            yield sent
        speed = GaugeMetricFamily("host_network_speed_bytes", "Each way, a second", labels=labels)
        for device in devices:
            if device.bytes_per_s is not None:
                speed.add_metric([self._node, device.name], device.bytes_per_s)
        yield speed


def main() -> None:
    """Serve until SIGTERM."""
    registry = CollectorRegistry()
    registry.register(ContainerCollector(Path(os.environ.get("CRAYFISH_CGROUPS", "/host/cgroup"))))
    node = os.environ.get("CRAYFISH_NODE", "")
    registry.register(HostCollector(node, Path(os.environ.get("CRAYFISH_SYSFS", "/host/sys"))))
    if node:
        Responder(node)
        registry.register(ClockCollector(node, os.environ["CRAYFISH_PEERS"]))
    start_http_server(_PORT, registry=registry)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    asked.wait()


if __name__ == "__main__":
    main()
