"""Times of two hosts, told by one clock: how far the processor's is off, and how sure that is.

Latency needs none of this: its two ends are read on one host. The stages between are not, where the
processor has a host of its own: `input` and `output` begin on one and end on the other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from crayfish_ctl.results.happened import HostClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.results.inputs import ContainerFact

_OFFSET: Final = "clock_offset_seconds"
_ROUND_TRIP: Final = "clock_round_trip_seconds"
_BEST: Final = 0.25
"""Share of the exchanges, the quickest ones: the others waited somewhere, and nobody knows on which
way."""
_MS: Final = 1e3
_NS_PER_MS: Final = 1e6
_THERE: Final = ("received_ns", "scored_ns")
"""What is read from the processor's clock."""


def host_clock(containers: Mapping[str, ContainerFact], metrics: pl.DataFrame) -> HostClock | None:
    """The clock of the processor's hosts against the consumer's; None if all is on one host.

    The records do not say which of several hosts scored them; then the offset is the middle of the
    hosts', and the uncertainty reaches to the farthest.

    Args:
        containers: of the run, by task.
        metrics: of the run; the exporters' exchanges are among them.
    """
    home = next((fact.node for fact in containers.values() if fact.role == "consumer"), None)
    away = {f.node for f in containers.values() if f.role == "processor" and f.node} - {home}
    if home is None or not away:
        return None
    ranges = [_range(metrics, home, node) for node in sorted(away)]
    known = [each for each in ranges if each is not None]
    name = ", ".join(sorted(away))
    if len(known) < len(ranges):
        return HostClock(node=name)
    if any(f.node == home and f.role == "processor" for f in containers.values()):
        known.append((0.0, 0.0))
    low, high = min(low for low, _ in known), max(high for _, high in known)
    return HostClock(
        node=name,
        offset_ms=(low + high) / 2 * _MS,
        uncertainty_ms=(high - low) / 2 * _MS,
    )


def _range(metrics: pl.DataFrame, home: str, node: str) -> tuple[float, float] | None:
    """Between which seconds the offset of a node's clock was during the run."""
    offsets = _exchanges(metrics, _OFFSET, home, node)
    trips = _exchanges(metrics, _ROUND_TRIP, home, node)
    both = offsets.join(trips, on="ts", suffix="_trip").sort("value_trip")
    if both.is_empty():
        return None
    best = both.head(max(1, round(both.height * _BEST)))
    offset, half = best["value"].to_numpy(), best["value_trip"].to_numpy() / 2
    return float(np.min(offset - half)), float(np.max(offset + half))


def _exchanges(metrics: pl.DataFrame, name: str, home: str, node: str) -> pl.DataFrame:
    labels = json.dumps({"node": home, "of": node}, sort_keys=True)
    chosen = (pl.col("name") == name) & (pl.col("labels") == labels)
    return metrics.filter(chosen).select("ts", "value")


def in_one_clock(records: pl.DataFrame, clock: HostClock | None) -> pl.DataFrame:
    """The records with every time by the clock of producer and consumer."""
    if clock is None or clock.offset_ms is None:
        return records
    offset_ns = round(clock.offset_ms * _NS_PER_MS)
    there = [name for name in _THERE if name in records.columns]
    return records.with_columns(pl.col(name) - offset_ns for name in there)
