"""Each of several producers by itself: together they look punctual while one of them is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from crayfish_ctl.results.numbers import ProducerShare

from .facts import MAX_LAG_P99_MS
from .latency import span_ms
from .percentiles import percentiles
from .throughput import due_rate, rate_of

if TYPE_CHECKING:
    from crayfish_ctl.cells import Cell


def producer_shares(measured: pl.DataFrame, cell: Cell) -> tuple[ProducerShare, ...]:
    """What each did with its share; empty if there was one producer.

    Args:
        measured: records of the measured segment; producer k of P has the ids with rest k.
        cell: says how many there were.
    """
    if cell.producers == 1:
        return ()
    own = pl.col("id") % cell.producers
    shares = (measured.filter(own == number) for number in range(cell.producers))
    found = (_share(number, records, cell) for number, records in enumerate(shares, 1))
    return tuple(share for share in found if share is not None)


def _share(number: int, records: pl.DataFrame, cell: Cell) -> ProducerShare | None:
    """None if the schedule was too short for it."""
    lags = span_ms(records, "intended_ns", "sent_ns")
    lag = percentiles(lags)
    if lag is None:
        return None
    return ProducerShare(
        number=number,
        records=len(records),
        due_records_per_s=due_rate(records, cell),
        sent_records_per_s=rate_of(np.sort(records["sent_ns"].to_numpy())),
        schedule_lag_ms=lag,
        late_records=int((lags > MAX_LAG_P99_MS).sum()),
    )
