"""What the components used and counted, from the counters that Prometheus scraped each second.

A counter is read at any moment by linear interpolation between two scrapes; a counter that starts
again from zero (a container that was restarted) goes on from where it was. Where the scrapes begin
a little late or end a little early (a container that left between two of them), the rest of the
time has the mean rate of what they cover.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import polars as pl

from crayfish_ctl.results.happened import UNDER_TEST, Collector, Component
from crayfish_ctl.results.numbers import Efficiency

from .timeline import NS, consumed_times, middle_span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.inputs import ContainerFact, RunInputs
    from crayfish_ctl.results.numbers import Window
    from crayfish_ctl.results.pauses import Pause

CPU: Final = "container_cpu_usage_seconds_total"
THROTTLED: Final = "container_cpu_cfs_throttled_seconds_total"
PERIODS: Final = "container_cpu_cfs_periods_total"
THROTTLED_PERIODS: Final = "container_cpu_cfs_throttled_periods_total"
WORKING_SET: Final = "container_memory_working_set_bytes"
MAX_MEMORY: Final = "container_memory_max_bytes"

_UNKNOWN: Final = "monitoring"
"""The role of what left no facts: no system that is measured, and no part of the load."""
_MIN_COVERED: Final = 0.5
"""Share of the time that the scrapes of the processor's own counter must span."""
_MOVING: Final = 0.5
"""Share of the scrapes at which one of its series at least must have grown since the one before."""
_MAX_GAP_S: Final = 2.5
"""Scrapes come each second: a series may end this long before the window does."""


class OwnCounter(Protocol):
    """Which of the processor's own metrics counts its records, as its config declares it."""

    @property
    def metric(self) -> str:
        """Its name."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Those that its series have, among others."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The container metrics of one run."""

    metrics: pl.DataFrame
    silence_s: float = 0.0
    """What ends with its last record, and not with the window, is scraped this much less long."""

    @property
    def services(self) -> set[str]:
        """The services with container metrics."""
        return set(self.metrics.filter(pl.col("name") == CPU)["component"])

    def increase(self, service: str, name: str, start_ns: int, end_ns: int) -> float | None:
        """How much a service's counter grew; None if the scrapes do not cover the time."""
        return _increase(self._series(service, name), start_ns / NS, end_ns / NS, self.silence_s)

    def samples(self, counter: OwnCounter) -> pl.DataFrame:
        """The series that carry a declared counter's labels, in the order of time."""
        named = self.metrics.filter(pl.col("name") == counter.metric)
        wanted = [
            labels
            for labels in named["labels"].unique().to_list()
            if counter.labels.items() <= json.loads(labels).items()
        ]
        return named.filter(pl.col("labels").is_in(wanted)).sort("ts")

    def counted_per_s(self, counter: OwnCounter, start_ns: int, end_ns: int) -> float | None:
        """How fast the processor's own counter grew, over all subtasks; None if not covered.

        From the first to the last scrape within the time, without interpolation: across the moment
        at which the records end, a straight line between two scrapes would be too low. A counter
        that moves in few large steps (Spark's, once for each of its batches) says nothing about so
        short a time.
        """
        within = pl.col("ts").is_between(start_ns / NS, end_ns / NS)
        chosen = self.samples(counter).filter(within)
        stamps = chosen["ts"].to_numpy()
        if not stamps.size or np.ptp(stamps) < _MIN_COVERED * (end_ns - start_ns) / NS:
            return None
        rate, moving = 0.0, 0.0
        for series in chosen.partition_by("component", "labels"):
            if series.height > 1:
                steps = np.maximum(np.diff(series["value"].to_numpy()), 0.0)
                rate += float(steps.sum()) / float(np.ptp(series["ts"].to_numpy()))
                moving = max(moving, float(np.count_nonzero(steps)) / steps.size)
        return rate if moving > _MOVING else None

    def counted(self, counter: OwnCounter, start_ns: int, end_ns: int) -> float | None:
        """How much a counter grew, over all series that carry its labels; None if not covered."""
        return _increase(self.samples(counter), start_ns / NS, end_ns / NS, self.silence_s)

    def counted_up_to(
        self, counter: OwnCounter, start_ns: int, end_ns: int
    ) -> dict[float, float] | None:
        """The same of a histogram's buckets, each by its bound (label `le`).

        Returns:
            Upper bound, ascending, the last one mostly infinite -> how much the count of what is
            not larger grew; None if there are no such series, or one of them is not covered.
        """
        chosen = self.samples(counter)
        bounds: dict[str, float | None] = {
            labels: _bound(labels) for labels in chosen["labels"].unique().to_list()
        }
        grown: dict[float, float] = {}
        for bound in sorted({bound for bound in bounds.values() if bound is not None}):
            own = [labels for labels, each in bounds.items() if each == bound]
            series = chosen.filter(pl.col("labels").is_in(own))
            found = _increase(series, start_ns / NS, end_ns / NS, self.silence_s)
            if found is None:
                return None
            grown[bound] = found
        return grown or None

    def highest(self, service: str, name: str) -> int | None:
        """The largest sum over a service's containers of each one's highest value."""
        chosen = self._series(service, name)
        if chosen.is_empty():
            return None
        return int(chosen.group_by("labels").agg(pl.col("value").max())["value"].sum())

    def _series(self, service: str, name: str) -> pl.DataFrame:
        return self.metrics.filter(
            (pl.col("component") == service) & (pl.col("name") == name)
        ).sort("ts")


def _bound(labels: str) -> float | None:
    """The upper bound of a histogram's bucket; None if the series is none of one."""
    bound = json.loads(labels).get("le")
    return None if bound is None else float(bound)


def _increase(
    chosen: pl.DataFrame, start: float, end: float, silence_s: float = 0.0
) -> float | None:
    """Sum over the series of how much each grew, from Unix s to Unix s.

    Args:
        chosen: samples of counters in the order of time; component and labels tell series apart.
        start: Unix seconds.
        end: Unix seconds.
        silence_s: how much earlier than that all may have ended.
    """
    if chosen.is_empty():
        return None
    stamps = chosen["ts"].to_numpy()
    if stamps.min() > start + _MAX_GAP_S or stamps.max() < end - _MAX_GAP_S - silence_s:
        return None
    total = 0.0
    for series in chosen.partition_by("component", "labels"):
        steps = np.diff(series["value"].to_numpy(), prepend=series["value"][0])
        grown = np.cumsum(np.maximum(steps, 0.0))
        low, high = np.interp((start, end), series["ts"].to_numpy(), grown)
        total += float(high - low)
    covered = min(end, float(stamps.max())) - max(start, float(stamps.min()))
    return total * (end - start) / covered if covered > 0 else total


def components_of(
    usage: Usage, inputs: RunInputs, cell: Cell, window: Window
) -> tuple[Component, ...]:
    """Every service of the run, each over its `usage_window`."""
    containers = inputs.containers
    kills = Counter(fault.service for fault in inputs.faults if fault.action == "kill")
    facts = {name: containers.get(name) for name in sorted(set(containers) | usage.services)}
    roles: dict[str, str] = {
        name: (fact.role if fact else None) or _UNKNOWN for name, fact in facts.items()
    }
    return tuple(
        _component(
            name,
            usage,
            fact,
            roles[name],
            usage_window(roles[name], cell, window),
            kills=kills[name],
            pauses=inputs.pauses.get(name),
        )
        for name, fact in facts.items()
    )


def usage_window(role: str, cell: Cell, window: Window) -> tuple[int, int]:
    """The time over which a component's CPU is counted.

    To saturate it lasts until the last result, because a backlog is worked off after the sending is
    over; except for the producer, which has finished and left by then.
    """
    outlasts = cell.aim.floods and role != "producer"
    if outlasts and window.last_result_ns is not None:
        return window.start_ns, max(window.sending_end_ns, window.last_result_ns)
    return window.start_ns, window.sending_end_ns


def _component(
    name: str,
    usage: Usage,
    fact: ContainerFact | None,
    role: str,
    window: tuple[int, int],
    *,
    kills: int,
    pauses: Sequence[Pause] | None,
) -> Component:
    start, end = window
    cpu = usage.increase(name, CPU, start, end)
    periods = usage.increase(name, PERIODS, start, end)
    throttled = usage.increase(name, THROTTLED_PERIODS, start, end)
    return Component(
        name=name,
        node=fact.node if fact else None,
        role=role,
        image=fact.image if fact else None,
        cpu_seconds=cpu,
        mean_cores=None if cpu is None or end <= start else cpu / ((end - start) / NS),
        cpu_limit_cores=fact.cpus if fact else None,
        throttled_share=None if not periods or throttled is None else throttled / periods,
        throttled_seconds=usage.increase(name, THROTTLED, start, end),
        peak_memory_bytes=usage.highest(name, WORKING_SET),
        max_memory_bytes=usage.highest(name, MAX_MEMORY),
        memory_limit_bytes=fact.memory_bytes if fact else None,
        collector=None if pauses is None else collector_of(pauses, start, end),
        jvm_flags=fact.jvm_flags if fact else (),
        restarts=kills,
        oom_killed=fact.oom_killed if fact else False,
        exit_code=fact.exit_code if fact else None,
    )


def collector_of(pauses: Sequence[Pause], start_ns: int, end_ns: int) -> Collector:
    """What the pauses that touch a time add up to.

    Args:
        pauses: of one service's JVMs.
        start_ns: Unix ns.
        end_ns: Unix ns.
    """
    within = [
        pause
        for pause in pauses
        if pause.ended_ns >= start_ns and pause.ended_ns - pause.ms * 1e6 <= end_ns
    ]
    return Collector(
        collections=len(within),
        full=sum(pause.full for pause in within),
        pause_ms=sum(pause.ms for pause in within),
        longest_ms=max((pause.ms for pause in within), default=0.0),
    )


def efficiency_of(
    usage: Usage, components: tuple[Component, ...], ok: pl.DataFrame, cell: Cell, window: Window
) -> Efficiency | None:
    """Results per CPU-second of the system under test; None if its CPU is not known.

    To saturate: over the middle 80 % of the results, as capacity is; to sustain: over the window.
    """
    services = [part.name for part in components if part.role in UNDER_TEST]
    times = consumed_times(ok)
    if cell.aim.floods:
        span = middle_span(times)
    else:
        within = (times >= window.start_ns) & (times <= window.sending_end_ns)
        span = window.start_ns, window.sending_end_ns, int(within.sum())
    if span is None:
        return None
    cpu = _cpu_of(usage, services, span[0], span[1])
    if not cpu or not span[2]:
        return None
    drain = middle_span(times[times > window.sending_end_ns]) if cell.aim.floods else None
    drain_cpu = _cpu_of(usage, services, drain[0], drain[1]) if drain else None
    return Efficiency(
        cpu_seconds=cpu,
        records_per_cpu_second=span[2] / cpu,
        drain_records_per_cpu_second=drain[2] / drain_cpu if drain and drain_cpu else None,
        cpu_seconds_per_million_points=cpu / (span[2] * cell.batch_size) * 1e6,
    )


def _cpu_of(usage: Usage, services: list[str], start: int, end: int) -> float | None:
    used = [usage.increase(name, CPU, start, end) for name in services]
    known = [value for value in used if value is not None]
    return sum(known) if known and len(known) == len(used) else None
