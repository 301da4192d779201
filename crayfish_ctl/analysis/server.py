"""What the model server itself counted: a second witness beside the clients' times."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

import polars as pl

from crayfish_ctl.results.numbers import BatchSizes, ServerFacts

from .usage import OwnCounter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .usage import Usage

ServerCount = Literal["requests", "executions", "batch_sizes", "queue", "compute", "total"]
_MS = 1000.0


class ServerCounter(OwnCounter, Protocol):
    """One of the counters that a tool's config declares."""

    @property
    def seconds(self) -> float:
        """Of a time: how many seconds one of its unit is."""

    @property
    def lags(self) -> bool:
        """It is brought up to date so seldom that it says nothing of a rate."""

    @property
    def of(self) -> str:
        """Of batch sizes: what they count, requests or points."""


def server_facts(
    usage: Usage, counters: Mapping[ServerCount, ServerCounter], ok: pl.DataFrame
) -> ServerFacts | None:
    """From the first call to the last answer; None if the scrapes do not say it.

    Args:
        usage: what was scraped.
        counters: `requests`, `executions`, `batch_sizes`, `queue`, `compute`, `total`, as far as
            the server has them.
        ok: records that came back scored.
    """
    if not counters or ok.is_empty():
        return None
    first, last = ok.select(
        pl.col("received_ns").min().alias("first"), pl.col("scored_ns").max().alias("last")
    ).row(0)
    if first is None or last is None or last <= first:
        return None
    grown: dict[ServerCount, float | None] = {
        name: usage.counted(counter, int(first), int(last))
        for name, counter in counters.items()
        if name != "batch_sizes"
    }
    requests = grown.get("requests")
    if not requests:
        return None
    sizes = None
    if "batch_sizes" in counters:
        sizes = batch_sizes(usage, counters["batch_sizes"], int(first), int(last))
    executions = grown.get("executions")
    if executions is None and sizes and sizes.of == "requests":
        executions = sizes.executions

    def mean_ms(name: ServerCount) -> float | None:
        total = grown.get(name)
        return None if total is None else total * counters[name].seconds * _MS / requests

    return ServerFacts(
        requests_per_s=None if counters["requests"].lags else requests / ((last - first) / 1e9),
        requests_per_execution=requests / executions if executions else None,
        batch_sizes=sizes,
        queue_ms=mean_ms("queue"),
        compute_ms=mean_ms("compute"),
        total_ms=mean_ms("total"),
    )


def batch_sizes(
    usage: Usage, counter: ServerCounter, start_ns: int, end_ns: int
) -> BatchSizes | None:
    """How many executions there were of each size; None if the scrapes do not say it.

    Sizes are whole numbers, so a bound between two of them is the lower one. What lies at the ends
    of the time is a share of what was counted between two scrapes, so the counts are rounded.

    Args:
        usage: what was scraped.
        counter: the buckets of the server's histogram.
        start_ns: Unix ns.
        end_ns: Unix ns.
    """
    grown = usage.counted_up_to(counter, start_ns, end_ns)
    if grown is None:
        return None
    # Buckets are cumulative: each has those below it. They are not scraped in one moment.
    up_to = {math.floor(b) if math.isfinite(b) else None: count for b, count in grown.items()}
    steps = pairwise([0.0, *up_to.values()])
    counts = [max(0, round(count - below)) for below, count in steps]
    bounds = list(up_to)
    if bounds[-1] is None and not counts[-1]:
        del bounds[-1], counts[-1]
    if not any(counts):
        return None
    return BatchSizes(of=counter.of, bounds=tuple(bounds), counts=tuple(counts))
