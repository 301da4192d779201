"""Serve /metrics on port 9101; the cgroup file system is mounted at $CRAYFISH_CGROUPS."""

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


def main() -> None:
    """Serve until SIGTERM."""
    registry = CollectorRegistry()
    registry.register(ContainerCollector(Path(os.environ.get("CRAYFISH_CGROUPS", "/host/cgroup"))))
    start_http_server(_PORT, registry=registry)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    asked.wait()


if __name__ == "__main__":
    main()
