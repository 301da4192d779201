"""Where a record's time went, in milliseconds.

Latency runs from the moment a record was due to the moment the consumer had its result, both on one
clock. Counting from the due time is what avoids coordinated omission (Gil Tene, "How NOT to Measure
Latency"): a stall of the pipeline delays every record that was due meanwhile, and each counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from crayfish_ctl.results.numbers import Trend

from .percentiles import Array, percentiles, quantiles

if TYPE_CHECKING:
    from crayfish_ctl.results.happened import HostClock
    from crayfish_ctl.results.numbers import Percentiles

NS_PER_MS: Final = 1e6
_US_PER_MS: Final = 1e3
CALLED_NS: Final = pl.col("received_ns") + pl.col("waited_us").cast(pl.Int64) * 1000
"""When the model was called for a record, which may have waited for its turn."""
_HALVES_NEED: Final = 100

_TOLERANCE_MS: Final = 1.0
_BETWEEN_HOSTS: Final = ("input", "output")
_STAGE_ENDS: Final = {
    "schedule": ("intended_ns", "sent_ns"),
    "input": ("sent_ns", "received_ns"),
    "score": ("received_ns", "scored_ns"),
    "output": ("scored_ns", "consumed_ns"),
}


def span_ms(records: pl.DataFrame, start: str, end: str) -> Array:
    """Time between two columns of nanoseconds, for the rows that have both."""
    both = records.select(start, end).drop_nulls()
    return (both[end] - both[start]).to_numpy() / NS_PER_MS


def latency_ms(ok: pl.DataFrame) -> Percentiles | None:
    """From due to consumed."""
    return percentiles(span_ms(ok, "intended_ns", "consumed_ns"))


def send_latency_ms(ok: pl.DataFrame) -> Percentiles | None:
    """From sent to consumed, for comparison only: it leaves out every wait before the send."""
    return percentiles(span_ms(ok, "sent_ns", "consumed_ns"))


def stages_ms(ok: pl.DataFrame) -> dict[str, Percentiles]:
    """Each stage by itself; of one record the stages add up to the latency, percentiles do not.

    Where records waited for their turn to be scored, that is a stage of its own, `wait`, and the
    scoring begins when it ends.
    """
    spans = {name: percentiles(span_ms(ok, *ends)) for name, ends in _STAGE_ENDS.items()}
    waited = ok["waited_us"].to_numpy() / _US_PER_MS if "waited_us" in ok.columns else None
    if waited is not None and waited.any():
        called = ok.with_columns(called_ns=CALLED_NS)
        spans["wait"] = percentiles(waited)
        spans["score"] = percentiles(span_ms(called, "called_ns", "scored_ns"))
    return {name: span for name, span in spans.items() if span is not None}


def broker_latency_ms(ok: pl.DataFrame) -> Percentiles | None:
    """From append time to append time; the broker's clock has whole milliseconds."""
    both = ok.select("in_append_ms", "out_append_ms").drop_nulls()
    return percentiles((both["out_append_ms"] - both["in_append_ms"]).to_numpy())


def published_latency_ms(ok: pl.DataFrame) -> Percentiles | None:
    """From sent (its whole millisecond) to append time, as the published study counts."""
    both = ok.select("sent_ns", "out_append_ms").drop_nulls()
    return percentiles((both["out_append_ms"] - both["sent_ns"] // int(NS_PER_MS)).to_numpy())


def trend(ok: pl.DataFrame) -> Trend | None:
    """The median of the window's halves; None if there are too few records to tell."""
    if ok.height < _HALVES_NEED:
        return None
    values = span_ms(ok.sort("intended_ns"), "intended_ns", "consumed_ns")
    middle = values.size // 2
    return Trend(
        first_half_p50_ms=quantiles(values[:middle], (0.5,))[0],
        second_half_p50_ms=quantiles(values[middle:], (0.5,))[0],
    )


def within_hosts(stages: dict[str, Percentiles], clock: HostClock | None) -> dict[str, Percentiles]:
    """Without the stages between hosts, if nobody knows how far their clocks are apart."""
    if clock is None or clock.offset_ms is not None:
        return stages
    return {name: span for name, span in stages.items() if name not in _BETWEEN_HOSTS}


def disordered(ok: pl.DataFrame, clock: HostClock | None = None) -> int:
    """Records with a stage that ends before it starts: the containers' clocks disagree.

    Args:
        ok: records that were scored.
        clock: of another host; the uncertainty is allowed, and what is not known is not held
            against it.
    """
    if clock is not None and clock.offset_ms is None:
        return 0
    tolerance_ms = max(_TOLERANCE_MS, (clock.uncertainty_ms or 0.0) if clock else 0.0)
    late = [
        (ok[end] - ok[start]).fill_null(0) < -tolerance_ms * NS_PER_MS
        for start, end in _STAGE_ENDS.values()
    ]
    return int((late[0] | late[1] | late[2] | late[3]).sum())
