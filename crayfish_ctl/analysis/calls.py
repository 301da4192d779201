"""How many calls of a model server were under way at a time.

Little's law (J. D. C. Little, "A Proof for the Queuing Formula L = lambda W", 1961): the mean
number of calls under way is their rate times their mean duration. The run config says how many
there may be at once; more than that cannot be, so where the law finds more, a time stamp is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from crayfish_ctl.results.numbers import CallFacts
from crayfish_ctl.results.verdict import Reason

from .latency import CALLED_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results.happened import FaultFact

    from .facts import Facts

MAX_EXCESS: Final = 0.05
"""By how much the law may find more calls under way than there may be."""
FULL_SHARE: Final = 0.8
"""A window that is filled to this share in the mean counts as full."""
_MIN_CALLS: Final = 100


def call_facts(ok: pl.DataFrame, cell: Cell) -> CallFacts | None:
    """Of the records that came back scored; None if no server is called, or hardly."""
    if not cell.calls_server or ok.height < _MIN_CALLS or cell.call.mode == "batched":
        return None
    seen = ok.select(
        busy=(pl.col("scored_ns") - CALLED_NS).sum(),
        start=CALLED_NS.min(),
        end=pl.col("scored_ns").max(),
    ).row(0)
    busy, start, end = (int(value or 0) for value in seen)
    if end <= start:
        return None
    return CallFacts(
        under_way=busy / (end - start), allowed=cell.call.in_flight * cell.parallelism.scorer
    )


def little(facts: Facts) -> Reason | None:
    """More calls were under way than there may be."""
    calls = facts.calls
    if calls is None or calls.under_way <= (1 + MAX_EXCESS) * calls.allowed:
        return None
    return Reason(
        code="LITTLE",
        message=f"rate times duration says that {calls.under_way:.1f} calls were under way in the "
        f"mean, and {calls.allowed} may be: a clock or a time stamp of the processor is wrong",
    )


def window_not_full(facts: Facts) -> Reason | None:
    """The capacity is not the server's: the processor did not ask it enough."""
    calls = facts.calls
    if calls is None or not facts.saturates or facts.cell.call.mode != "async":
        return None
    if calls.under_way >= FULL_SHARE * calls.allowed:
        return None
    return Reason(
        code="WINDOW_NOT_FULL",
        message=f"of {calls.allowed} calls that may be under way, {calls.under_way:.1f} were in "
        "the mean: the processor, and not the model server, was the limit",
    )


def with_recovery(
    faults: Sequence[FaultFact], measured: pl.DataFrame, cell: Cell
) -> tuple[FaultFact, ...]:
    """What each fault did to the calls, and how soon they were answered again.

    Args:
        faults: that happened, in their order.
        measured: records of the window.
        cell: of the run.
    """
    if not faults or not cell.calls_server:
        return tuple(faults)
    starts = [fault.started_ns for fault in faults]
    return tuple(
        _recovered(fault, _between(measured, fault.started_ns, end))
        for fault, end in zip(faults, [*starts[1:], None], strict=True)
    )


def _between(measured: pl.DataFrame, start_ns: int, end_ns: int | None) -> pl.DataFrame:
    scored = measured.filter(pl.col("scored_ns") >= start_ns)
    return scored if end_ns is None else scored.filter(pl.col("scored_ns") < end_ns)


def _recovered(fault: FaultFact, records: pl.DataFrame) -> FaultFact:
    failed = records.filter(pl.col("reason").is_not_null())["scored_ns"]
    if failed.is_empty():
        return fault.model_copy(update={"failed": 0})
    last = int(failed.max() or 0)  # type: ignore[arg-type]
    well = records.filter((pl.col("status") == "ok") & (pl.col("scored_ns") > last))["scored_ns"]
    first = well.min()
    seconds = None if first is None else max(0.0, (int(first) - fault.ended_ns) / 1e9)  # type: ignore[arg-type]
    return fault.model_copy(update={"failed": len(failed), "recovered_s": seconds})
