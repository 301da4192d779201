"""What a workload is run for, each goal with all that planning and reading ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

GoalName = Literal["sustain", "saturate", "overload"]


@dataclass(frozen=True, slots=True)
class Goal:
    """Facts of a goal."""

    name: str
    metric: str = "latency_p50_ms"
    """The one of `analysis.METRICS` that a cell is run for, and repeated for."""
    holds: bool = False
    """The rate is to be carried all the time: a growing backlog is INVALID."""
    floods: bool = False
    """More is offered than can be carried: the capacity is asked for, over the middle of the
    results; the latency is mere queueing, and the backlog is worked off when sending is over."""
    steady_by: Literal["latency", "results"] | None = None
    """What must not drift; None: there is no steady state. A latency only where the rate is steady,
    too (`Arrivals.steady`)."""


GOALS: Final = {
    goal.name: goal
    for goal in (
        Goal("sustain", holds=True, steady_by="latency"),
        Goal("saturate", metric="capacity_records_per_s", floods=True, steady_by="results"),
        # Bursts or faults may outrun the processor for a while, and it must catch up.
        Goal("overload"),
    )
}


def goal_of(name: str) -> Goal:
    """The facts; of a goal that a newer version has added only its name is known."""
    return GOALS.get(name) or Goal(name)
