"""Rules about the load: was it offered as planned, could it be carried, was the run steady?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.results.numbers import ProducerShare
from crayfish_ctl.results.verdict import Reason

from .facts import (
    GROWTH_P_VALUE,
    GROWTH_SECONDS,
    MAX_LAG_P99_MS,
    MAX_RATE_ERROR,
    MIN_ACHIEVED_SHARE,
)

if TYPE_CHECKING:
    from .facts import Facts


def producer_late(facts: Facts) -> Reason | None:
    """The producer did not keep the schedule that the latency is counted from."""
    late = _late(facts) if facts.must_keep_schedule else None
    if late is None:
        return None
    return Reason(
        code="PRODUCER_LATE",
        message=f"{late} (allowed: 1 % and {MAX_LAG_P99_MS:g} ms): give it more CPU, "
        "or ask for a lower rate",
    )


def unsettled(facts: Facts) -> Reason | None:
    """The measured records queued behind those of the warm-up."""
    if not facts.unsettled:
        return None
    return Reason(
        code="UNSETTLED",
        message=f"{facts.unsettled:,} warm-up records were not back when the window began: "
        "warm up at a lower rate (warmup.rate, first_warmup.rate)",
    )


def held_back(facts: Facts) -> Reason | None:
    """Something that is meant to be measured held the producer back."""
    late = None if facts.must_keep_schedule else _late(facts)
    if late is None:
        return None
    why = "the job held it back" if facts.cell.way.in_job else "the fault held it back"
    return Reason(
        code="PRODUCER_LATE",
        message=f"{late}: {why}; latency counts from the due time, so the wait is in it",
    )


def _late(facts: Facts) -> str | None:
    """Who sent how far from the schedule; None if that was near enough. Of several the worst."""
    if facts.saturates:
        return None
    whole = ProducerShare(
        number=1,
        records=facts.counts.sent,
        due_records_per_s=facts.due_records_per_s,
        sent_records_per_s=facts.throughput.sent_records_per_s,
        schedule_lag_ms=facts.schedule_lag_ms,
        late_records=facts.late_records,
    )
    who = "the job's own source" if facts.cell.way.in_job else "the producer"
    named = {f"producer {one.number} of {len(facts.producers)}": one for one in facts.producers}
    late = [
        (one.schedule_lag_ms.p99, f"{name} {said}")
        for name, one in (named or {who: whole}).items()
        if (said := _far_off(one)) is not None
    ]
    return max(late)[1] if late else None


def _far_off(share: ProducerShare) -> str | None:
    due, sent, lag = share.due_records_per_s, share.sent_records_per_s, share.schedule_lag_ms.p99
    if due is None:
        return None
    off = share.records > 1 and abs(sent / due - 1) > MAX_RATE_ERROR
    # Of fewer than 100 records the p99 is the latest one, and a single one is no habit.
    on_time = lag <= MAX_LAG_P99_MS or share.late_records <= 1
    if on_time and not off:
        return None
    return f"sent {sent:,.0f} of {due:,.0f} records/s, with a p99 schedule lag of {lag:,.1f} ms"


def backlog_growing(facts: Facts) -> Reason | None:
    """The rate was to be sustained, but records came back more slowly than they went."""
    offered, backlog = facts.throughput.offered_records_per_s, facts.backlog
    if not facts.cell.aim.holds or offered is None or backlog is None:
        return None
    growth = backlog.slope_records_per_s * facts.window.schedule_seconds
    achieved = facts.throughput.achieved_records_per_s
    large = growth > GROWTH_SECONDS * offered or achieved < MIN_ACHIEVED_SHARE * offered
    if backlog.slope_p_value >= GROWTH_P_VALUE or not large:
        return None
    return Reason(
        code="BACKLOG_GROWING",
        message=f"overloaded: the backlog grew by {backlog.slope_records_per_s:,.0f} records/s to "
        f"{backlog.at_sending_end:,}; {achieved:,.0f} of {offered:,.0f} records/s were achieved: "
        "ask for a lower rate, or for goal saturate to measure the capacity",
    )


def not_saturated(facts: Facts) -> Reason | None:
    """The capacity was not reached."""
    capacity = facts.throughput.capacity
    if capacity is None or not capacity.lower_bound:
        return None
    return Reason(
        code="NOT_SATURATED",
        message=f"no backlog was left when sending ended: {capacity.records_per_s:,.0f} records/s "
        "is a lower bound of the capacity; offer more",
    )


def still_warming(facts: Facts) -> Reason | None:
    """The latency was still falling when the window began."""
    found = facts.warmed
    if found is None or found.settled is not False:
        return None
    return Reason(
        code="STILL_WARMING",
        message=f"the latency was still falling after {found.seconds:.0f} s of warm-up: "
        "give it longer (warmup.settle_seconds)",
    )


def unsteady(facts: Facts) -> Reason | None:
    """What the run is run for drifted within the window."""
    steady = facts.steady
    if steady is None or steady.steady:
        return None
    what = "the rate of the results" if facts.saturates else "the latency"
    return Reason(
        code="UNSTEADY",
        message=f"{what} drifted by {steady.change:+.0%} from the beginning to the end of the "
        f"window (Mann-Kendall p = {steady.p_value:.1g}): a longer warm-up or a longer run would "
        "tell more",
    )
