"""Rules about the records: did each come back, once, and with the outputs of the model?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.results.verdict import Reason

from .facts import MAX_ACCURACY_ERROR, MAX_CLOCK_STEP_MS

if TYPE_CHECKING:
    from .facts import Facts


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
    """All was to come back, yet the backlog outlived the run."""
    count = facts.counts.unfinished
    if not count or facts.saturates:
        return None
    return Reason(
        code="UNFINISHED",
        message=f"{count:,} records had no result yet when the consumer stopped "
        f"({facts.consumer_ended or 'it left no summary'}): ask for a lower rate, or give the run "
        "a longer deadline",
    )


def failed_records(facts: Facts) -> Reason | None:
    """Records came back with status failed, or as something that is no record."""
    counts = facts.counts
    # Where something is taken away on purpose, calls that fail are what is measured.
    on_purpose = counts.failed_calls.total if facts.cell.faults else 0
    failed, broken = counts.failed - on_purpose, counts.undecodable
    if not failed and not broken:
        return None
    called = counts.failed_calls.text
    return Reason(
        code="FAILED_RECORDS",
        message=f"{failed:,} records could not be scored"
        f"{f' (calls of the model server: {called})' if called else ''} and {broken:,} results "
        "could not be decoded: see the processor's log for the error",
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
        "layout, and in full precision (float16 and bfloat16 deviate by about 1e-3)?",
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
    if not facts.counts.unfinished or not facts.saturates:
        return None
    return Reason(
        code="UNFINISHED",
        message=f"{facts.counts.unfinished:,} records were still waiting when the run's time was "
        "over; latencies are of those that came back",
    )


def clock_step(facts: Facts) -> Reason | None:
    """Somebody set the clock that both ends of every record are read from."""
    step = facts.clock_step_ms
    if abs(step) <= MAX_CLOCK_STEP_MS:
        return None
    return Reason(
        code="CLOCK_STEP",
        message=f"the host's clock was set by {step:+,.1f} ms during the run, so due times and "
        "latencies are off by as much: let it be in step before a run, or only slewed during one "
        "(chrony: no makestep after the start)",
    )


def other_clock(facts: Facts) -> Reason | None:
    """Stages begin on one host and end on another."""
    clock = facts.host_clock
    if clock is None:
        return None
    if clock.offset_ms is None:
        return Reason(
            code="CLOCK_OFFSET",
            message=f"the clock of {clock.node}, where the processor ran, was never compared with "
            "producer's and consumer's: the stages input and output are left out",
        )
    return Reason(
        code="CLOCK_OFFSET",
        message=f"the clock of {clock.node}, where the processor ran, was ahead by "
        f"{clock.offset_ms:.2f} ms: taken into account; the stages input and output are known to "
        f"{clock.uncertainty_ms:.2f} ms",
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
