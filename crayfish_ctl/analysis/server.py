"""What the model server itself counted: a second witness beside the clients' times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import polars as pl

from crayfish_ctl.results.numbers import ServerFacts

from .usage import OwnCounter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .usage import Usage

ServerCount = Literal["requests", "executions", "queue", "compute", "total"]
_MS = 1000.0


class ServerCounter(OwnCounter, Protocol):
    """One of the counters that a tool's config declares."""

    @property
    def seconds(self) -> float:
        """Of a time: how many seconds one of its unit is."""

    @property
    def lags(self) -> bool:
        """It is brought up to date so seldom that it says nothing of a rate."""


def server_facts(
    usage: Usage, counters: Mapping[ServerCount, ServerCounter], ok: pl.DataFrame
) -> ServerFacts | None:
    """From the first call to the last answer; None if the scrapes do not say it.

    Args:
        usage: what was scraped.
        counters: `requests`, `executions`, `queue`, `compute`, `total`, as far as the server has
            them.
        ok: records that came back scored.
    """
    if not counters or ok.is_empty():
        return None
    first, last = ok.select(
        pl.col("received_ns").min().alias("first"), pl.col("scored_ns").max().alias("last")
    ).row(0)
    if first is None or last is None or last <= first:
        return None
    grown = {
        name: usage.counted(counter, int(first), int(last)) for name, counter in counters.items()
    }
    requests = grown.get("requests")
    if not requests:
        return None
    executions = grown.get("executions")

    def mean_ms(name: ServerCount) -> float | None:
        total = grown.get(name)
        return None if total is None else total * counters[name].seconds * _MS / requests

    return ServerFacts(
        requests_per_s=None if counters["requests"].lags else requests / ((last - first) / 1e9),
        requests_per_execution=requests / executions if executions else None,
        queue_ms=mean_ms("queue"),
        compute_ms=mean_ms("compute"),
        total_ms=mean_ms("total"),
    )
