"""Runs with chosen values, without any file: for what is done with several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crayfish_ctl.results.model import RunResult
from crayfish_ctl.results.numbers import Capacity, Percentiles, Throughput
from crayfish_ctl.results.verdict import Reason, Verdict, VerdictState

from .synthetic import Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.plan.model import Purpose


def result(
    number: float,
    *,
    state: str = "VALID",
    purpose: Purpose = "measure",
    p99: float | None = None,
    reasons: Sequence[str] = (),
    repetition: int = 1,
    workload: int = 0,
    **changes: Any,
) -> RunResult:
    """A run with `number` as its p50, or as its capacity if it saturates; codes of its reasons."""
    scenario = Scenario(**changes)
    about = {"purpose": purpose, "repetition": repetition, "workload": workload}
    spec = scenario.spec().model_copy(update=about)
    latency = Percentiles(
        count=10_000, mean=1, p50=number, p90=1, p95=1, p99=p99 or number, p99_9=1, max=1
    )
    capacity = Capacity(
        records_per_s=number,
        sharing_records_per_s=None,
        drain_records_per_s=None,
        lower_bound=False,
    )
    return RunResult(
        run_id="r",
        spec=spec,
        verdict=Verdict(
            state=VerdictState("INVALID" if reasons else state),
            reasons=tuple(Reason(code=code, message="why") for code in reasons),
        ),
        latency_ms=latency,
        throughput=Throughput(
            offered_records_per_s=None,
            sent_records_per_s=1,
            achieved_records_per_s=1,
            achieved_points_per_s=1,
            capacity=capacity if scenario.goal == "saturate" else None,
        ),
    )


def saturating(capacities: Sequence[float], **changes: Any) -> list[RunResult]:
    """Repetitions of a saturating cell."""
    return [result(value, rate=None, goal="saturate", **changes) for value in capacities]
