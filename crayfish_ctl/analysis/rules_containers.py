"""Rules about the containers: did they get what they needed, and did they live?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from crayfish_ctl.results.happened import UNDER_TEST
from crayfish_ctl.results.verdict import Reason

from .facts import MAX_THROTTLED_SHARE

if TYPE_CHECKING:
    from crayfish_ctl.results.happened import Component

    from .facts import Facts

_STOPPED_AS_ASKED: Final = (None, 0, 143)
"""Exit codes of a container that ended by itself or by SIGTERM."""


def harness_throttled(facts: Facts) -> Reason | None:
    """A part of the measuring itself ran into its CPU limit."""
    return _throttled(facts, harness=True, advice="raise its CPU limit in the profile")


def system_throttled(facts: Facts) -> Reason | None:
    """The system under test, or a flooding producer, used all it was given: no error."""
    return _throttled(facts, harness=False, advice="its CPU limit shapes this result")


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
    if part.role == "producer" and facts.saturates:
        return False
    return part.role not in {*UNDER_TEST, "idle"}


def restarted(facts: Facts) -> Reason | None:
    """A container restarted that a fault had ended; any other death fails the run."""
    names = [f"{part.name} ({part.restarts}x)" for part in facts.components if part.restarts]
    if not names:
        return None
    return Reason(
        code="RESTARTED",
        message=f"restarted during the run: {', '.join(names)}: the fault is part of the workload",
    )


def fault_not_done(facts: Facts) -> Reason | None:
    """The run is not the one that was asked for."""
    done = Counter((fault.service, fault.action) for fault in facts.faults_done)
    asked = Counter((fault.service, fault.action) for fault in facts.cell.faults)
    missing = [f"{action} {service}" for service, action in (asked - done).elements()]
    if not missing:
        return None
    return Reason(
        code="FAULT_NOT_DONE",
        message=f"did not happen, or was not undone: {', '.join(missing)}: the run had ended "
        "before, or the container or the process was not there",
    )


def image_changed(facts: Facts) -> Reason | None:
    """Somebody built or loaded other images while the experiment ran."""
    if not facts.changed_images:
        return None
    return Reason(
        code="IMAGE_CHANGED",
        message=f"ran another image than the experiment began with: "
        f"{', '.join(facts.changed_images)}: build nothing while it runs",
    )


def out_of_memory(facts: Facts) -> Reason | None:
    """The kernel killed a process of the system under test for its memory use."""
    return _out_of_memory(facts, "OOM_KILLED", of_system=True)


def harness_out_of_memory(facts: Facts) -> Reason | None:
    """The kernel killed a process of the measuring itself: nothing is known of the system."""
    return _out_of_memory(facts, "HARNESS_OOM", of_system=False)


def _out_of_memory(facts: Facts, code: str, *, of_system: bool) -> Reason | None:
    names = [
        part.name
        for part in facts.components
        if part.oom_killed and (part.role in UNDER_TEST) == of_system
    ]
    if not names:
        return None
    return Reason(
        code=code,
        message=f"ran out of memory: {', '.join(names)}: raise its memory limit in the profile",
    )


def no_metrics(facts: Facts) -> Reason | None:
    """Nobody can say whether a container was throttled."""
    harness = ("producer", "consumer") if facts.cell.way.broker else ()
    needed = (*harness, "processor")
    known = {part.role for part in facts.components if part.cpu_seconds is not None}
    missing = [role for role in needed if role not in known]
    if not missing:
        return None
    return Reason(
        code="NO_METRICS",
        message=f"no CPU counters of {', '.join(missing)} cover the measured window: is Prometheus "
        "scraping the exporter, and is the window at least a few seconds long?",
    )


def collector_paused(facts: Facts) -> Reason | None:
    """A JVM on the way of the records stood still for longer than the p99: it may explain it."""
    if facts.saturates or facts.latency_ms is None:
        return None
    p99 = facts.latency_ms.p99
    names = [
        f"{part.name} {part.collector.longest_ms:.0f} ms ({part.collector.full} full collections)"
        for part in facts.components
        if part.role in {*UNDER_TEST, "broker"}
        and part.collector is not None
        and part.collector.longest_ms > p99
    ]
    if not names:
        return None
    return Reason(
        code="GC_PAUSE",
        message=f"stood still to collect garbage for longer than the p99 of {p99:.1f} ms: "
        f"{', '.join(names)}",
    )


def pool_above_limit(facts: Facts) -> Reason | None:
    """A model has more threads than its container may use CPUs: they take turns."""
    cell = facts.cell
    threads = cell.tool_options.get("threads", 1)
    role = "server" if cell.calls_server else "processor"
    limits = [
        part.cpu_limit_cores
        for part in facts.components
        if part.role == role and part.cpu_limit_cores is not None
    ]
    if not limits or isinstance(threads, str) or threads <= max(limits):
        return None
    return Reason(
        code="THREADS_ABOVE_LIMIT",
        message=f"tool option threads is {threads:g}, and no container of the {role} may use more "
        f"than {max(limits):g} CPUs: they wait for one another (raise the limit of the size class "
        "in the experiment's resources, or lower threads)",
    )


def load_not_alone(facts: Facts) -> Reason | None:
    """On a cluster the load generator has a host of its own, unless somebody said otherwise."""
    load = {part.node for part in facts.components if part.role in {"producer", "consumer"}}
    beside = [
        part.name
        for part in facts.components
        if part.role in UNDER_TEST and part.node is not None and part.node in load
    ]
    if not beside:
        return None
    return Reason(
        code="LOAD_BESIDE_SYSTEM",
        message=f"on one node with the load generator, as its label asks for: {', '.join(beside)}: "
        "they share its cores",
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
