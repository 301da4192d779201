"""The verdict of a run: each rule looks at the numbers and either finds a reason or does not.

A rule of `REASONS` makes a run INVALID: its numbers do not mean what they say. A rule of `NOTES`
only tells the reader something. Every threshold is in docs/methodology.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_ctl.results.model import Reason, Verdict, VerdictState

if TYPE_CHECKING:
    from crayfish_ctl.plan.model import Cell
    from crayfish_ctl.results.model import (
        Backlog,
        Component,
        Correctness,
        Counts,
        Percentiles,
        Throughput,
        Trend,
        Window,
    )

MAX_LAG_P99_MS: Final = 5.0
MAX_RATE_ERROR: Final = 0.01
MAX_THROTTLED_SHARE: Final = 0.01
MAX_ACCURACY_ERROR: Final = 0.001
MIN_ACHIEVED_SHARE: Final = 0.99
GROWTH_P_VALUE: Final = 0.01
GROWTH_SECONDS: Final = 0.5
STEADY_RATIO: Final = 1.25
_STOPPED_AS_ASKED: Final = (None, 0, 143)
"""Exit codes of a container that ended by itself or by SIGTERM."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at."""

    cell: Cell
    window: Window
    counts: Counts
    schedule_lag_ms: Percentiles
    throughput: Throughput
    correctness: Correctness
    components: tuple[Component, ...]
    backlog: Backlog | None
    trend: Trend | None
    consumer_ended: str | None
    disordered: int

    @property
    def sustains(self) -> bool:
        """Whether the rate is meant to be carried."""
        return self.cell.goal == "sustain"


Rule = Callable[[Facts], Reason | None]


def judge(facts: Facts) -> Verdict:
    """Apply every rule."""
    reasons = _apply(REASONS, facts)
    return Verdict(
        state=VerdictState.INVALID if reasons else VerdictState.VALID,
        reasons=reasons,
        notes=_apply(NOTES, facts),
    )


def _apply(rules: tuple[Rule, ...], facts: Facts) -> tuple[Reason, ...]:
    found = (rule(facts) for rule in rules)
    return tuple(reason for reason in found if reason is not None)


def producer_late(facts: Facts) -> Reason | None:
    """The producer did not keep the schedule that the latency is counted from."""
    offered = facts.throughput.offered_records_per_s
    if not facts.sustains or offered is None:
        return None
    sent, lag = facts.throughput.sent_records_per_s, facts.schedule_lag_ms.p99
    off = facts.counts.sent > 1 and abs(sent / offered - 1) > MAX_RATE_ERROR
    if lag <= MAX_LAG_P99_MS and not off:
        return None
    return Reason(
        code="PRODUCER_LATE",
        message=f"the producer sent {sent:,.0f} of {offered:,.0f} records/s, with a p99 schedule "
        f"lag of {lag:,.1f} ms (allowed: 1 % and {MAX_LAG_P99_MS:g} ms): give it more CPU, or ask "
        "for a lower rate",
    )


def lost(facts: Facts) -> Reason | None:
    """Delivered records never came back although the run waited for them."""
    count = facts.counts.lost
    if not count:
        return None
    return Reason(
        code="LOST",
        message=f"{count:,} of {facts.counts.delivered:,} delivered records never came back: see "
        "the processor's log",
    )


def unfinished(facts: Facts) -> Reason | None:
    """The rate was to be sustained, yet the backlog outlived the run."""
    count = facts.counts.unfinished
    if not count or not facts.sustains:
        return None
    return Reason(
        code="UNFINISHED",
        message=f"{count:,} records had no result yet when the consumer stopped "
        f"({facts.consumer_ended or 'it left no summary'}): ask for a lower rate, or give the run "
        "a longer deadline",
    )


def failed_records(facts: Facts) -> Reason | None:
    """Records came back with status failed, or as something that is no record."""
    failed, broken = facts.counts.failed, facts.counts.undecodable
    if not failed and not broken:
        return None
    return Reason(
        code="FAILED_RECORDS",
        message=f"{failed:,} records could not be scored and {broken:,} results could not be "
        "decoded: see the processor's log for the error",
    )


def undelivered(facts: Facts) -> Reason | None:
    """The broker did not take a record."""
    count = facts.counts.undelivered
    if not count:
        return None
    return Reason(
        code="UNDELIVERED",
        message=f"the broker did not take {count:,} of {facts.counts.sent:,} records: see "
        "delivery errors in out/producer.json; is the broker out of disk or memory?",
    )


def duplicates_in_exactly_once(facts: Facts) -> Reason | None:
    """Exactly-once promises that there are none."""
    if not facts.counts.duplicates or facts.cell.delivery != "exactly-once":
        return None
    return Reason(
        code="DUPLICATES",
        message=f"{facts.counts.duplicates:,} results came twice although delivery is exactly-once",
    )


def wrong_outputs(facts: Facts) -> Reason | None:
    """The predictions are not those of the model."""
    found = facts.correctness
    if not found.beyond_tolerance:
        return None
    return Reason(
        code="WRONG_OUTPUTS",
        message=f"{found.beyond_tolerance:,} of {found.checked:,} checked records deviate from the "
        f"reference by more than {found.tolerance or 0:g} (at most "
        f"{found.max_deviation or 0:.3g}): does the tool serve the same weights, in the same "
        "layout?",
    )


def unchecked(facts: Facts) -> Reason | None:
    """There is a reference, and some output could not be compared with it."""
    missing = facts.counts.ok - facts.correctness.checked
    if facts.correctness.tolerance is None or not missing:
        return None
    return Reason(
        code="UNCHECKED",
        message=f"{missing:,} of {facts.counts.ok:,} results could not be compared with the "
        "reference: are there NaN among the outputs, or another number of classes?",
    )


def accuracy_differs(facts: Facts) -> Reason | None:
    """The pipeline classifies the points it was sent otherwise than the model does."""
    ours, offline = facts.correctness.end_to_end_accuracy, facts.correctness.offline_accuracy
    if ours is None or offline is None or abs(ours - offline) <= MAX_ACCURACY_ERROR:
        return None
    return Reason(
        code="ACCURACY",
        message=f"accuracy is {ours:.2%} end to end and {offline:.2%} offline, over the same "
        "points: are points and labels in the same order?",
    )


def harness_throttled(facts: Facts) -> Reason | None:
    """A part of the measuring itself ran into its CPU limit."""
    return _throttled(facts, harness=True, advice="raise its CPU limit in the profile")


def restarted(facts: Facts) -> Reason | None:
    """A container did not live through the run."""
    names = [f"{part.name} ({part.restarts}x)" for part in facts.components if part.restarts]
    if not names:
        return None
    return Reason(
        code="RESTARTED", message=f"restarted during the run: {', '.join(names)}: see its log"
    )


def out_of_memory(facts: Facts) -> Reason | None:
    """The kernel killed a process in a container for its memory use."""
    names = [part.name for part in facts.components if part.oom_killed]
    if not names:
        return None
    return Reason(
        code="OOM_KILLED",
        message=f"ran out of memory: {', '.join(names)}: raise its memory limit in the profile",
    )


def backlog_growing(facts: Facts) -> Reason | None:
    """The rate was to be sustained, but records came back more slowly than they went."""
    offered, backlog = facts.throughput.offered_records_per_s, facts.backlog
    if not facts.sustains or offered is None or backlog is None:
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


def no_metrics(facts: Facts) -> Reason | None:
    """Nobody can say whether a container was throttled."""
    needed = ("producer", "consumer", "processor")
    known = {part.role for part in facts.components if part.cpu_seconds is not None}
    missing = [role for role in needed if role not in known]
    if not missing:
        return None
    return Reason(
        code="NO_METRICS",
        message=f"no CPU counters of {', '.join(missing)} cover the measured window: is Prometheus "
        "scraping the exporter, and is the window at least a few seconds long?",
    )


def system_throttled(facts: Facts) -> Reason | None:
    """The system under test, or a flooding producer, used all it was given: no error."""
    return _throttled(facts, harness=False, advice="its CPU limit shapes this result")


def duplicates(facts: Facts) -> Reason | None:
    """At-least-once allows them; the first result of each id counted."""
    if not facts.counts.duplicates or facts.cell.delivery == "exactly-once":
        return None
    return Reason(
        code="DUPLICATES",
        message=f"{facts.counts.duplicates:,} results came again; the first of each id counts",
    )


def unfinished_backlog(facts: Facts) -> Reason | None:
    """A saturating run may end with records still waiting."""
    if not facts.counts.unfinished or facts.sustains:
        return None
    return Reason(
        code="UNFINISHED",
        message=f"{facts.counts.unfinished:,} records were still waiting when the run's time was "
        "over; latencies are of those that came back",
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


def unsteady(facts: Facts) -> Reason | None:
    """The latency changed within the window."""
    trend = facts.trend
    if trend is None or not facts.sustains:
        return None
    first, second = trend.first_half_p50_ms, trend.second_half_p50_ms
    if max(first, second) <= STEADY_RATIO * min(first, second):
        return None
    return Reason(
        code="UNSTEADY",
        message=f"p50 was {first:,.2f} ms in the first half of the window and {second:,.2f} ms in "
        "the second: a longer warm-up or a longer run would tell more",
    )


def clocks(facts: Facts) -> Reason | None:
    """Stage times of different containers contradict each other."""
    if not facts.disordered:
        return None
    return Reason(
        code="CLOCKS",
        message=f"{facts.disordered:,} records have a stage that ends over 1 ms before it starts: "
        "the hosts' clocks disagree; stages are unreliable (the latency is not: one clock)",
    )


def exit_codes(facts: Facts) -> Reason | None:
    """A container ended otherwise than by itself or by the stop signal."""
    names = [
        f"{part.name} ({part.exit_code})"
        for part in facts.components
        if part.exit_code not in _STOPPED_AS_ASKED
    ]
    if not names:
        return None
    return Reason(
        code="EXIT_CODE", message=f"did not end cleanly after the measurement: {', '.join(names)}"
    )


def _throttled(facts: Facts, *, harness: bool, advice: str) -> Reason | None:
    names = [
        f"{part.name} {part.throttled_share:.1%}"
        for part in facts.components
        if _must_not_wait(facts, part) == harness
        and (part.throttled_share or 0) > MAX_THROTTLED_SHARE
    ]
    if not names:
        return None
    return Reason(
        code="THROTTLED",
        message=f"held back by its CPU limit in more than {MAX_THROTTLED_SHARE:.0%} of the "
        f"scheduler's periods: {', '.join(names)}: {advice}",
    )


def _must_not_wait(facts: Facts, part: Component) -> bool:
    """The harness; but a producer that floods is meant to go as fast as its limit lets it."""
    if part.name == "producer" and not facts.sustains:
        return False
    return part.role not in {"processor", "server"}


REASONS: Final[tuple[Rule, ...]] = (
    producer_late,
    lost,
    unfinished,
    failed_records,
    undelivered,
    duplicates_in_exactly_once,
    wrong_outputs,
    unchecked,
    accuracy_differs,
    harness_throttled,
    restarted,
    out_of_memory,
    backlog_growing,
    no_metrics,
)
NOTES: Final[tuple[Rule, ...]] = (
    system_throttled,
    duplicates,
    unfinished_backlog,
    not_saturated,
    unsteady,
    clocks,
    exit_codes,
)
